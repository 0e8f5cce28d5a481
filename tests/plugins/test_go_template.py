from __future__ import annotations

import time
from typing import Any

import pytest

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
SECONDS = 2.0
"""Processor time that a hostile template may take; most end within a tenth of it."""


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ .Name }}/{{ .Namespace }}", "backend/shop"),
        ("a {{- if gt (index .Weights 1) 0 }} weight: {{ index .Weights 1 }} {{- end }}", "a weight: 30"),
        ("{{- if gt (index .Weights 1) 50 }}x{{- else }}y{{- end }}", "y"),
        (
            "{{ range $i, $v := .Versions }}{{ $i }}={{ $v.Weight }}{{ range .Resources }}"
            "{{ .GVRShort }}:{{ .Name }}.{{ .Namespace }} {{ end }}{{ end }}",
            "0=7isvc:backend-0.shop 1=3isvc:backend-1.shop ",
        ),
        ("{{ (index .Versions 0).Signature }}", "1f3a"),
        ("{{ .Labels.app }}", "backend"),
        ('{{ index .Labels "app.kubernetes.io/part-of" }}', "shop"),
        ("[{{ .Labels.missing }}]", "[]"),
        ('[{{ index .Annotations "missing" }}]', "[]"),
        ("{{ if .Annotations }}some{{ else }}none{{ end }}", "none"),
        ("{{ len .Labels }}", "2"),
        ('{{ define "route" }}{{ .Name }}{{ end }}{{ template "route" index .Versions 1 }}', "v1"),
        ('{{ block "host" . }}{{ .Namespace }}{{ end }}', "shop"),
        ('{{ printf "%s-%03d" .Name 7 }}', "backend-007"),
        ('{{ .Name | printf "%q" }}', '"backend"'),
        ('{{ print "a" 1 2 nil }}', "a1 2 <nil>"),
        ('{{ println "a" "b" }}', "a b\n"),
        ('{{ "a<b" }}', "a<b"),
        ('{{ html "a<b" }}', "a&lt;b"),
        ('{{ urlquery "a b" }}', "a+b"),
        ("{{/* a comment */}}", ""),
        ('{{ with $x := .Name }}{{ $x }}{{ end }}{{ $y := "b" }}{{ $y = "c" }}{{ $y }}', "backendc"),
    ],
)
def test_the_language_is_that_of_text_template(template: str, text: str, plugins: Plugins) -> None:
    assert plugins.render("go", template, DATA) == text


def test_rendering_leaves_the_data_alone(plugins: Plugins) -> None:
    before = repr(DATA)
    plugins.render("go", "{{ range .Versions }}{{ .Weight }}{{ end }}{{ .Labels.app }}", DATA)
    assert repr(DATA) == before


def test_another_engine_is_left_to_other_plugins(plugins: Plugins) -> None:
    with pytest.raises(TemplateError, match="no plugin renders templates of the engine 'jinja'"):
        plugins.render("jinja", "{{ .Name }}", DATA)


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("a\nb\n{{ .Weigths }}", "line 3: attribute 'Weigths' is not allowed; the fields are Annotations"),
        ("a\n{{ (index .Versions 0).Wait }}", "line 2: attribute 'Wait' is not allowed"),
        ("a\n\n{{ .Labels | toYaml }}", "line 3: function 'toYaml' not defined"),
        ("a\n{{ .Name", "line 2: unclosed action"),
        ("{{ if .Name }}\n", "line 2: unexpected EOF"),
        ("a\n{{ index .Weights 9 }}", "line 2: function 'index' failed: index out of range"),
        ('\n{{ template "other" }}', "line 2: template 'other' is not defined"),
        ("{{ end }}", "line 1: unexpected end"),
    ],
)
def test_an_error_names_the_line(template: str, said: str, plugins: Plugins) -> None:
    with pytest.raises(TemplateError) as caught:
        plugins.render("go", template, DATA)
    assert str(caught.value).startswith(said)


TWICE = "".join(
    f'{{{{define "t{n}"}}}}{{{{template "t{n + 1}"}}}}{{{{template "t{n + 1}"}}}}{{{{end}}}}' for n in range(40)
)
HOSTILE = {
    "endless range": "{{ range 9223372036854775807 }}{{ end }}",
    "nested ranges": "{{ range 99999 }}{{ range 99999 }}{{ range 99999 }}{{ end }}{{ end }}{{ end }}",
    "long body": "{{ range 99999 }}" + "{{ if $ }}{{ end }}" * 1700 + "{{ end }}",
    "long condition": "{{ $x := 0 }}{{ range 99999 }}{{ if or " + "$x " * 9000 + "}}{{ end }}{{ end }}",
    "deep scopes": "{{ $x := 0 }}"
    + "{{ if 1 }}" * 90
    + "{{ range 99999 }}{{ if or "
    + "$x " * 900
    + "}}{{ end }}{{ end }}"
    + "{{ end }}" * 90,
    "recursion": '{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}',
    "mutual recursion": '{{define "a"}}{{template "b"}}{{end}}{{define "b"}}{{template "a"}}{{end}}{{template "a"}}',
    "recursion in a block": '{{ block "a" . }}{{ template "a" }}{{ template "a" }}{{ end }}',
    "recursion of the whole": '{{ template "the routing template" }}' * 2,
    "calls that double": TWICE + '{{define "t40"}}x{{end}}{{template "t0"}}',
    "text that doubles": '{{ $x := "aaaa" }}{{ range 60 }}{{ $x = print $x $x }}{{ end }}',
    "printf that doubles": '{{ $x := "aaaa" }}{{ range 60 }}{{ $x = printf "%s%s" $x $x }}{{ end }}',
    "quoting that grows": '{{ $x := "\\"" }}{{ range 60 }}{{ $x = printf "%q" $x }}{{ end }}',
    "width": '{{ printf "%1000000000d" 1 }}',
    "precision": '{{ printf "%.1000000000f" 1.0 }}',
    "width from an argument": '{{ printf "%*d" 1000000000 1 }}',
    "width with thousands of digits": '{{ printf "%' + "9" * 5000 + 'd" 1 }}',
    "repeated argument": '{{ $x := printf "%1000d" 1 }}{{ printf "' + "%[1]s" * 1000 + '" $x }}',
    "many arguments": "{{ print" + " .Name" * 5000 + " }}",
    "escaping in a loop": '{{ $x := printf "%2000d" 1 }}{{ range 99999 }}{{ $y := js $x }}{{ end }}',
    "output": "{{ range 99999 }}" + "x" * 1000 + "{{ end }}",
    "large number": "{{ " + "9" * 30000 + " }}",
    "large rune": '{{ printf "%c" 99999999999 }}',
    "deep parentheses": "{{ " + "(" * 9000 + "1" + ")" * 9000 + " }}",
    "deep conditions": "{{ if 1 }}" * 1600 + "{{ end }}" * 1600,
    "endless else if": "{{ if 0 }}" + "{{ else if 0 }}" * 2000 + "{{ end }}",
    "large source": "x" * 40000,
    "loop in a named template": '{{ define "a" }}{{ range 99999 }}'
    + "{{ if $ }}{{ end }}" * 1700
    + '{{ end }}{{ end }}{{ template "a" }}',
    "loop over a named template": '{{ define "a" }}'
    + "{{ if $ }}{{ end }}" * 1700
    + '{{ end }}{{ range 99999 }}{{ template "a" }}{{ end }}',
    "python class": "{{ .Name.__class__ }}",
    "python class of the data": "{{ .__class__.__mro__ }}",
    "python dictionary": "{{ .__dict__ }}",
    "method of a text": "{{ .Name.upper }}",
    "method of a list": "{{ .Weights.clear }}",
    "call": "{{ call .Name }}",
    "surrogate": "\ud800{{ .Name }}",
    "digit that is none": '{{ printf "%²d" 1 }}',
}


@pytest.mark.parametrize("template", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_template_ends_soon_with_a_readable_error(template: str, plugins: Plugins) -> None:
    started = time.thread_time()
    with pytest.raises(TemplateError) as caught:
        plugins.render("go", template, DATA)
    assert time.thread_time() - started < SECONDS
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 500
    # The template is at fault, not the plugin.
    assert "plugin" not in message


@pytest.mark.parametrize("member", ["__class__", "keys", "clear", "__missing__"])
def test_a_map_of_labels_has_keys_and_nothing_else(member: str, plugins: Plugins) -> None:
    assert plugins.render("go", f"{{{{ .Labels.{member} }}}}", DATA) == ""


@pytest.mark.parametrize(
    "template",
    [
        "".join(f'{{{{define "t{n}"}}}}x{{{{end}}}}' for n in range(1100)),
        "".join(f"{{{{$a{n}:=1}}}}" for n in range(900)) + "{{if (.)}}{{end}}" * 1000,
    ],
    ids=["many definitions", "many variables"],
)
def test_a_long_template_is_parsed_soon(template: str, plugins: Plugins) -> None:
    started = time.thread_time()
    assert plugins.render("go", template, DATA) == ""
    assert time.thread_time() - started < SECONDS


@pytest.mark.parametrize(
    "template",
    [
        "{{ range 99999 }}{{ range $.Annotations }}{{ break }}{{ end }}{{ end }}",
        "{{ range 99999 }}{{ if print $.Annotations }}{{ end }}{{ end }}",
        "{{ range 99999 }}{{ $.Annotations }}{{ end }}",
        "{{ range 99999 }}{{ $x := slice $.Annotations.k0 1 }}{{ end }}",
    ],
)
def test_large_data_do_not_make_a_template_slow(template: str, plugins: Plugins) -> None:
    data = {**DATA, "Annotations": {f"k{n}": "é" * 40 for n in range(999)}}
    started = time.thread_time()
    with pytest.raises(TemplateError):
        plugins.render("go", template, data)
    assert time.thread_time() - started < SECONDS


@pytest.mark.parametrize(
    "annotations",
    [{"large": "x" * 600_000}, {f"k{n}": "" for n in range(1001)}],
    ids=["characters", "entries"],
)
def test_more_data_than_a_template_may_be_given_is_refused(annotations: dict[str, str], plugins: Plugins) -> None:
    with pytest.raises(TemplateError, match="a template may be given"):
        plugins.render("go", "{{ .Name }}", {**DATA, "Annotations": annotations})
