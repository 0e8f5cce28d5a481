from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iter8_gitops_plugins.jinja2_template.rendering import Renderer
from iter8_gitops_plugins.jinja2_template.worker import Worker

from iter8_gitops.hooks import Plugins, TemplateError

DATA: dict[str, Any] = {
    "Name": "backend",
    "Namespace": "shop",
    "Labels": {"app": "backend"},
    "Annotations": {},
    "Weights": [70, 30],
    "Versions": [{"Name": "v0", "Weight": 7, "Signature": "", "Resources": []}],
}
SECONDS = 0.5
START_SECONDS = 10.0
"""What the start of a new process may take on a busy machine."""


def sixty_times(value: str) -> str:
    return f"{{% for i in range(60) %}}{{% set n.x = {value} %}}{{% endfor %}}"


TWICE = "".join(f"{{% macro t{n}() %}}{{{{ t{n + 1}() }}}}{{{{ t{n + 1}() }}}}{{% endmacro %}}" for n in range(40))
ENDLESS = {
    "nested loops": "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "nested loops over letters": "{% for a in 'x' * 99999 %}{% for b in 'x' * 99999 %}{% endfor %}{% endfor %}",
    "macros that double": TWICE + "{% macro t40() %}{% endmacro %}{{ t0() }}",
    "large power": "{{ (10 ** (10 ** 9)) % 7 }}",
    "power of powers": "{{ (9 ** (9 ** 9)) is odd }}",
    "sum of a nested map": "{% for a in range(99999) %}{{ range(99999) | sum }}{% endfor %}",
    "slow search": "{% set x = 'a' * 9999999 %}{% for a in range(99999) %}{% if 'b' in x %}{% endif %}{% endfor %}",
    "sorting again and again": "{% for a in range(9999) %}{% set x = range(99999) | sort(reverse=true) %}{% endfor %}",
}
TOO_MUCH_MEMORY = {
    "repeated text": "{{ 'x' * 10 ** 10 }}",
    "repeated list": "{{ [1] * 10 ** 10 }}",
    "text that doubles": "{% set n = namespace(x='a') %}" + sixty_times("n.x ~ n.x"),
    "list that doubles": "{% set n = namespace(x=[1]) %}" + sixty_times("n.x + n.x"),
    "width of a format": "{{ '%01000000000d' | format(1) }}",
    "width of the operator": "{{ '%1000000000d' % 1 }}",
    "width from an argument": "{{ '%*d' % (1000000000, 1) }}",
    "width of str.format": "{{ '{:>1000000000}'.format(1) }}",
    "precision": "{{ '%.1000000000f' % 1 }}",
    "ljust": "{{ 'x'.ljust(10 ** 10) }}",
    "zfill": "{{ 'x'.zfill(10 ** 10) }}",
    "expandtabs": "{{ '\t'.expandtabs(10 ** 9) }}",
    "replace": "{{ ('x' * 99999) | replace('x', 'y' * 99999) }}",
    "join": "{{ range(99999) | join('x' * 99999) }}",
    "indent": "{{ ('\n' * 99999) | indent(99999, blank=true) }}",
    "batch": "{{ [1] | batch(10 ** 10, 'x') | list }}",
    "nested sharing": "{% set n = namespace(x=[]) %}" + sixty_times("[n.x, n.x]") + "{{ n.x }}",
    "nested sharing as json": "{% set n = namespace(x=[]) %}" + sixty_times("[n.x, n.x]") + "{{ n.x | tojson }}",
    "macro that keeps its text": "{% macro m() %}{% for a in range(99999) %}" + "x" * 9999 + "{% endfor %}"
    "{% endmacro %}{% set x = m() %}",
    "list of a product": "{% set n = namespace(x=[]) %}" + sixty_times("n.x + range(99999) | list"),
}
REFUSED = {
    "recursive macro": "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
    "mutual recursion": "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}",
    "recursive block": "{% block a %}{{ self.a() }}{% endblock %}",
    "recursive caller": "{% macro a() %}{% call a() %}{{ caller() }}{% endcall %}{% endmacro %}{{ a() }}",
    "recursive loop": "{% for a in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    "large range": "{{ range(10 ** 30) | list }}",
    "output": "{% for a in range(99999) %}" + "x" * 1000 + "{% endfor %}",
    "large number": "{{ " + "9" * 30000 + " }}",
    "deep parentheses": "{{ " + "(" * 9000 + "1" + ")" * 9000 + " }}",
    "deep lists": "{{ " + "[" * 9000 + "]" * 9000 + " }}",
    "deep conditions": "{% if 1 %}" * 1600 + "{% endif %}" * 1600,
    "deep loops": "{% for a in [1] %}" * 40 + "{% endfor %}" * 40,
    "long chain": "{{ 1" + ".a" * 9000 + " }}",
    "large source": "x" * 40000,
    "class of a text": "{{ ''.__class__.__mro__ }}",
    "class of a text by index": "{{ ''['__class__']['__mro__'] }}",
    "class by a name put together": "{{ ''['__cla' ~ 'ss__'] }}",
    "class by escapes": "{{ ''['\\x5f\\x5fclass\\x5f\\x5f'] }}",
    "class by attr": "{{ '' | attr('__class__') }}",
    "class by map": "{{ [''] | map(attribute='__class__') | list }}",
    "class by sum": "{{ [''] | sum(attribute='__class__') }}",
    "class by sort": "{{ ['', ''] | sort(attribute='__class__') }}",
    "class by groupby": "{{ [''] | groupby('__class__') }}",
    "class by the filter attr in map": "{{ [''] | map('attr', '__class__') | list }}",
    "class by format": "{{ '{0.__class__}'.format(1) }}",
    "class by format_map": "{{ '{a.__class__}'.format_map({'a': 1}) }}",
    "class by a format that is stored": "{% set f = '{0.__class__}'.format %}{{ f(1) }}",
    "class by format in map": "{% for f in ['{0.__class__}'.format] %}{{ f(1) }}{% endfor %}",
    "globals of a function": "{{ range.__globals__ }}",
    "globals of a macro": "{% macro m() %}{% endmacro %}{{ m._func.__globals__ }}",
    "environment of a macro": "{% macro m() %}{% endmacro %}{{ m._environment }}",
    "context of self": "{{ self._TemplateReference__context }}",
    "names of self": "{{ self.__dict__ }}",
    "class of namespace": "{{ namespace.__init__.__globals__ }}",
    "order of namespace": "{{ namespace.mro() }}",
    "attributes of a namespace": "{% set n = namespace() %}{{ n._Namespace__attrs }}",
    "class of a namespace": "{% set n = namespace() %}{% set n.__class__ = 1 %}{{ n.__class__ }}",
    "frame of a generator": "{{ ([1] | map('string')).gi_frame }}",
    "code of a generator": "{{ ([1] | map('string')).gi_code }}",
    "iterator of a loop": "{% for a in [1] %}{{ loop._iterable }}{% endfor %}",
    "undefined": "{{ nothing.__class__ }}",
    "environment of undefined": "{{ nothing._undefined_exception }}",
    "cycler": "{{ cycler.__init__.__globals__.os }}",
    "joiner": "{{ joiner.__init__.__globals__.os }}",
    "lipsum": "{{ lipsum.__globals__ }}",
    "config": "{{ config }}",
    "request": "{{ request.application.__globals__ }}",
    "import": "{{ __import__('os') }}",
    "built-ins": "{{ __builtins__ }}",
    "context": "{{ context }}{{ environment }}",
    "clearing": "{{ Weights.clear() }}",
    "updating": "{{ Labels.update(a=1) }}",
    "updating by the class": "{{ dict.update(Labels, a=1) }}",
    "tag of an extension": "{% do Weights.append(1) %}",
    "file": "{% include '/etc/passwd' %}",
    "file in an expression": "{% set x = '/etc/passwd' %}{% include x %}",
    "surrogate": "\ud800{{ Name }}",
    "surrogate of an escape": "{{ '\\ud800' }}",
    "functions in a list": "{{ [range, Labels.items] }}",
    "functions in a map": "{{ {'a': [range]} }}",
    "function as a key": "{{ {range: 1} }}",
    "address in an error": "{{ Weights[range] }}",
    "undefined in a list": "{{ [nothing] }}",
    "undefined in a text": "{{ [nothing] ~ 'a' }}",
    "character that is none": "{{ '%c' % 99999999999 }}",
}  # fmt: skip


@pytest.fixture(scope="module")
def impatient() -> Iterator[Renderer]:
    """Renders with a limit of half a second, and tries what took too long again at once."""
    worker = Worker()
    yield Renderer(worker, seconds=SECONDS, rest=0.0)
    worker.close()


@pytest.mark.parametrize("template", ENDLESS.values(), ids=ENDLESS)
def test_an_endless_template_is_ended(template: str, impatient: Renderer) -> None:
    started = time.monotonic()
    with pytest.raises(TemplateError, match=r"^the template takes longer than 0\.5 s"):
        impatient.render(template, DATA)
    assert time.monotonic() - started < SECONDS + START_SECONDS


@pytest.mark.parametrize("template", TOO_MUCH_MEMORY.values(), ids=TOO_MUCH_MEMORY)
def test_a_template_that_takes_memory_is_ended(template: str, plugins: Plugins) -> None:
    with pytest.raises(TemplateError, match=r"too much memory|takes longer than"):
        plugins.render("jinja2", template, DATA)
    assert plugins.render("jinja2", "{{ Name }}", DATA) == "backend"


@pytest.mark.parametrize("template", REFUSED.values(), ids=REFUSED)
def test_a_hostile_template_is_refused_in_words(template: str, plugins: Plugins) -> None:
    started = time.monotonic()
    with pytest.raises(TemplateError) as caught:
        plugins.render("jinja2", template, DATA)
    assert time.monotonic() - started < 2.0 + START_SECONDS
    message = str(caught.value)
    assert message.isprintable()
    assert 0 < len(message) < 500
    # Neither the plugin is at fault, nor did it take the end of the process to refuse this.
    assert "plugin" not in message
    assert "process" not in message
    assert " at 0x" not in message


NAMES = st.sampled_from(
    [
        *("Name", "Weights", "Versions", "Labels", "Annotations", "nothing", "loop", "self", "caller", "varargs", "x"),
        *(
            "range",
            "dict",
            "namespace",
            "m",
            "0",
            "1",
            "-1",
            "2.5",
            "'a'",
            "''",
            "'{0.a}'",
            "'%s'",
            "none",
            "true",
            "[]",
        ),
    ]
)
ATTRIBUTES = st.sampled_from(
    [
        *("Name", "app", "first", "items", "keys", "get", "format", "format_map", "join", "upper", "count", "append"),
        *("index0", "cycle", "changed", "previtem", "name", "arguments", "b", "__class__", "_x", "gi_frame", "mro"),
    ]
)
FILTERS = st.sampled_from(
    [
        *("default(1)", "join", "map('upper')", "map(attribute='Name')", "sort", "list", "first", "last", "tojson"),
        *("to_yaml", "int", "float", "sum", "groupby('Name')", "indent", "items", "dictsort", "batch(2)", "slice(2)"),
        *("select", "reject('none')", "selectattr('Name')", "unique", "min", "max", "round", "string", "length"),
        *("replace('a', 'b')", "format(1)", "truncate", "urlencode", "trim", "title", "abs", "reverse", "unknown"),
    ]
)
OPERATORS = st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "~", "==", "<", "in", "and", "or", "is", "is not"])


def compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} {} {})".format, inner, OPERATORS, inner),
        st.builds("{}.{}".format, inner, ATTRIBUTES),
        st.builds("({}|{})".format, inner, FILTERS),
        st.builds("{}[{}]".format, inner, inner),
        st.builds("{}({})".format, inner, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("{{{}: {}}}".format, inner, inner),
    )


EXPRESSIONS = st.recursive(NAMES, compound, max_leaves=6)


def block(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("{{% if {} %}}{}{{% else %}}{}{{% endif %}}".format, EXPRESSIONS, inner, inner),
        st.builds("{{% for x in {} %}}{}{{% endfor %}}".format, EXPRESSIONS, inner),
        st.builds("{{% for x in {} recursive %}}{}{{{{ loop(x) }}}}{{% endfor %}}".format, EXPRESSIONS, inner),
        st.builds("{{% set x = {} %}}{}".format, EXPRESSIONS, inner),
        st.builds("{{% set x %}}{}{{% endset %}}{}".format, inner, inner),
        st.builds("{{% set x.b = {} %}}{}".format, EXPRESSIONS, inner),
        st.builds("{{% macro m(x=1) %}}{}{{% endmacro %}}{}".format, inner, inner),
        st.builds("{{% call m({}) %}}{}{{% endcall %}}".format, EXPRESSIONS, inner),
        st.builds("{{% filter {} %}}{}{{% endfilter %}}".format, FILTERS, inner),
        st.builds("{{% with x = {} %}}{}{{% endwith %}}".format, EXPRESSIONS, inner),
        st.builds("{{% block b %}}{}{{% endblock %}}{{{{ self.b() }}}}".format, inner),
        st.builds("{}\n{}".format, inner, inner),
    )


TEMPLATES = st.recursive(st.builds("{{{{ {} }}}}".format, EXPRESSIONS) | st.just("text"), block, max_leaves=6)
PIECES = TEMPLATES | st.text(max_size=4) | st.sampled_from(["{{", "}}", "{%", "%}", "{#", "-%}", "{% endif %}", "\\"])


@settings(max_examples=200, deadline=None)
@given(pieces=st.lists(PIECES, max_size=3))
def test_any_template_becomes_text_or_an_error_for_its_author(pieces: list[str], plugins: Plugins) -> None:
    try:
        said = plugins.render("jinja2", "".join(pieces), DATA)
    except TemplateError as error:
        said = str(error)
        assert said.isprintable()
    assert "plugin" not in said
    assert "cannot be rendered" not in said
