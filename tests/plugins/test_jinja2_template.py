from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from iter8_gitops.hooks import Plugins, TemplateError

DATA: dict[str, Any] = {
    "Name": "backend",
    "Namespace": "shop",
    "Labels": {"app": "backend", "app.kubernetes.io/part-of": "shop"},
    "Annotations": {},
    "Weights": [70, 30],
    "Versions": [
        {
            "Name": "v0",
            "Weight": 7,
            "Signature": "1f3a",
            "Resources": [{"GVRShort": "isvc", "Name": "backend-0", "Namespace": "shop"}],
        },
        {
            "Name": "v1",
            "Weight": 3,
            "Signature": "",
            "Resources": [{"GVRShort": "isvc", "Name": "backend-1", "Namespace": "shop"}],
        },
    ],
}
GO_ROUTE = """\
kind: HTTPRoute
metadata:
  name: {{ .Name }}
  namespace: {{ .Namespace }}
spec:
  rules:
    - backendRefs:
      {{- range $i, $v := .Versions }}
      {{- if gt (index $.Weights $i) 0 }}
        - name: {{ (index $v.Resources 0).Name }}
          weight: {{ index $.Weights $i }}
      {{- end }}
      {{- end }}
  {{- if .Labels.app }}
  app: {{ .Labels.app }}
  {{- end }}
"""
JINJA_ROUTE = """\
kind: HTTPRoute
metadata:
  name: {{ Name }}
  namespace: {{ Namespace }}
spec:
  rules:
    - backendRefs:
      {% for version in Versions %}
      {% if Weights[loop.index0] > 0 %}
        - name: {{ version.Resources[0].Name }}
          weight: {{ Weights[loop.index0] }}
      {% endif %}
      {% endfor %}
  {% if Labels.app is defined and Labels.app %}
  app: {{ Labels.app }}
  {% endif %}
"""


@settings(deadline=None)
@given(
    weights=st.lists(st.integers(0, 100), min_size=2, max_size=2),
    labels=st.dictionaries(st.sampled_from(["app", "items", "team"]), st.sampled_from(["", "backend"])),
)
def test_a_route_is_that_of_the_go_template(weights: list[int], labels: dict[str, str], plugins: Plugins) -> None:
    data = {**DATA, "Weights": weights, "Labels": labels}
    assert plugins.render("jinja2", JINJA_ROUTE, data) == plugins.render("go", GO_ROUTE, data)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ Name }}/{{ Namespace }}", "backend/shop"),
        ("a\n  {% if Weights[1] > 0 %}\n  w: {{ Weights[1] }}\n  {% endif %}\nb\n", "a\n  w: 30\nb\n"),
        ("{{ Weights | sum }} {{ Weights | length }}", "100 2"),
        ('{{ Labels["app.kubernetes.io/part-of"] }}', "shop"),
        ("{{ Labels.missing | default('none') }}", "none"),
        ("{{ Labels.get('missing', 'none') }}", "none"),
        ("{{ 'yes' if Annotations else 'no' }}", "no"),
        ("{% for key, value in Labels.items() %}{{ key }}={{ value }};{% endfor %}",
         "app=backend;app.kubernetes.io/part-of=shop;"),
        ("{% for i in range(3) %}{{ loop.index }}{% endfor %}", "123"),
        ("{% set ns = namespace(n=0) %}{% for w in Weights %}{% set ns.n = ns.n + w %}{% endfor %}{{ ns.n }}", "100"),
        ("{% macro w(i) %}[{{ Weights[i] }}]{% endmacro %}{{ w(0) }}{{ w(1) }}", "[70][30]"),
        ("{% macro box() %}<{{ caller() }}>{% endmacro %}{% call box() %}x{% endcall %}", "<x>"),
        ("{{ dict(a=1).a }}", "1"),
        ("{{ 'a<b' }}", "a<b"),
        ("{{ {'a<b': [none, 1.5]} | tojson }}", '{"a<b": [null, 1.5]}'),
        ("{{ Versions | map(attribute='Name') | tojson }}", '["v0", "v1"]'),
        ("{{ Versions | selectattr('Weight', 'gt', 5) | map(attribute='Name') | join(',') }}", "v0"),
        ("a:\n  {{ Labels | to_yaml | indent(2) }}\n", "a:\n  app: backend\n  app.kubernetes.io/part-of: shop\n"),
        ("{{ 'yes' | to_yaml }} {{ Name | to_yaml }}", "'yes' backend"),
        ("{% set x = [1] %}{{ [x, x] | to_yaml }}", "- - 1\n- - 1"),
        ("{{ '%s-%03d' | format(Name, 7) }}", "backend-007"),
        ("{{ '{0}-{1[0]}'.format(Name, Weights) }}", "backend-70"),
        ("{# a comment #}", ""),
        ("{% raw %}{{ Name }}{% endraw %}", "{{ Name }}"),
        ("ende\n", "ende\n"),
        ("é€😀", "é€😀"),
        ("", ""),
    ],
)  # fmt: skip
def test_the_language_is_that_of_jinja2(template: str, text: str, plugins: Plugins) -> None:
    assert plugins.render("jinja2", template, DATA) == text


@settings(deadline=None)
@example(value={"\x85": None})
@example(value=["\x85", "a\u2028b", "\ufeff"])
@given(value=st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
))  # fmt: skip
def test_data_written_as_json_or_yaml_can_be_read_again(value: Any, plugins: Plugins) -> None:
    data = {**DATA, "Annotations": {"value": value}}
    for name in ("tojson", "to_yaml"):
        assert yaml.safe_load(plugins.render("jinja2", f"{{{{ Annotations.value | {name} }}}}", data)) == value


def test_rendering_leaves_the_data_alone(plugins: Plugins) -> None:
    before = repr(DATA)
    with pytest.raises(TemplateError):
        plugins.render("jinja2", "{{ Weights.append(1) }}", DATA)
    assert repr(DATA) == before


def test_one_template_leaves_nothing_to_the_next(plugins: Plugins) -> None:
    plugins.render("jinja2", "{% set Name = 'x' %}{% set left = 1 %}{% macro m() %}{% endmacro %}", DATA)
    assert plugins.render("jinja2", "{{ Name }}{{ left is defined }}{{ m is defined }}", DATA) == "backendFalseFalse"


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (
            "a\nb\n{{ Weigths }}",
            "line 3: there is no name 'Weigths'; the names are Annotations, Labels, Name, Namespace, Versions, Weights",
        ),
        ("a\n{{ Versions[0].Wait }}", "line 2: there is no 'Wait' in it; the names are Name, Resources, Signature"),
        ("{{ Annotations.a }}", "line 1: there is no 'a' in it; it is empty"),
        ("a\n{{ Weights[9] }}", "line 2: there is no item 9; it has 2, counted from 0"),
        ("{{ Weights.first }}", "line 1: there is no 'first' in a value of type list"),
        ("{% for w in Weights %}\n{{ w.x.y }}\n{% endfor %}", "line 2: there is no 'x' in a value of type int"),
        ("{% macro m() %}\n{{ nothing }}\n{% endmacro %}\n{{ m() }}", "line 2: there is no name 'nothing'"),
        ("a\n\n{{ Labels | toYaml }}", "line 3: No filter named 'toYaml'."),
        ("a\n{{ Name", "line 2: unexpected end of template"),
        ("{% if Name %}\n", "line 1: Unexpected end of template"),
        ("{% endfor %}", "line 1: Encountered unknown tag 'endfor'"),
        ("\n{{ 1 / 0 }}", "line 2: division by zero"),
        ("\n{{ Name + 1 }}", 'line 2: can only concatenate str (not "int") to str'),
        ("\n{{ Labels.items }}", "line 2: a function cannot be written; its parentheses may be missing"),
        ("\n{{ Weights | map('string') }}", "line 2: a value of type generator cannot be written; the filter list"),
        ("\n{{ namespace() | tojson }}", "line 2: a value of type Namespace cannot be written as JSON or YAML"),
        ("\n{{ [nothing] | tojson }}", "line 2: there is no name 'nothing'"),
        ("\n{% include 'x' %}", "line 2: a routing template stands alone; it cannot use other templates"),
        ("\n{% include 'x' ignore missing %}", "line 2: a routing template stands alone"),
        ("\n{% import 'x' as x %}", "line 2: a routing template stands alone"),
        ("\n{% from 'x' import x %}", "line 2: a routing template stands alone"),
        ("\n{% extends 'x' %}", "line 2: a routing template stands alone"),
        ("\n{{ self[0] }}", "line 2: there is no 0"),
        ("\n{{ Weights[range] }}", "line 2: there is no <function safe_range> in a value of type list"),
        ("\n{{ range(100001) }}", "line 2: Range too big."),
    ],
)
def test_an_error_names_the_line(template: str, said: str, plugins: Plugins) -> None:
    with pytest.raises(TemplateError) as caught:
        plugins.render("jinja2", template, DATA)
    assert str(caught.value).startswith(said)


def test_many_names_are_not_all_listed(plugins: Plugins) -> None:
    with pytest.raises(TemplateError, match=r"the names are .*k010, k011, \.\.\.$"):
        plugins.render("jinja2", "{{ Labels.x }}", {**DATA, "Labels": {f"k{n:03}": "" for n in range(900)}})


def test_more_data_than_a_template_may_be_given_is_refused(plugins: Plugins) -> None:
    with pytest.raises(TemplateError, match="a template may be given"):
        plugins.render("jinja2", "{{ Name }}", {**DATA, "Annotations": {"large": "x" * 600_000}})


def test_the_largest_source_data_and_output_pass(plugins: Plugins) -> None:
    data = {**DATA, "Annotations": {"large": "😀" * 43_000}}
    source = "{{ Annotations.large }}" * 6
    assert plugins.render("jinja2", source, data) == "😀" * 258_000
    long = "{{ Name }}{% if Weights[0] > 1 %}x{% endif +%}\n" * 690
    assert plugins.render("jinja2", long, DATA) == "backendx\n" * 690
