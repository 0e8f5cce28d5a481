"""The order in which plugins are asked, and what becomes of one that breaks."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from types import SimpleNamespace
from typing import Any

import pytest

from iter8_gitops.hooks import (
    Hooks,
    Plugins,
    Readiness,
    ReadinessState,
    Resource,
    ResourceId,
    ResourceKind,
    TemplateError,
    hookimpl,
)

THING = Resource(ResourceId("example.com", "Thing", "shop", "one"), {"spec": {"model": "a"}})
FINE = Readiness.ready("Fine", "all is well")


def load(**plugins: object) -> Plugins:
    return Plugins.load(entry_points=False, extra=plugins)


def plugin(**hooks: Callable[..., Any]) -> SimpleNamespace:
    return SimpleNamespace(**{name: hookimpl(function) for name, function in hooks.items()})


def judge(answer: object) -> SimpleNamespace:
    return plugin(readiness=lambda resource: answer)


def breaks(error: BaseException) -> Callable[..., Any]:
    def implementation(resource: Resource) -> None:
        raise error

    return implementation


def test_the_last_loaded_plugin_is_asked_first() -> None:
    assert load(a=judge(FINE), b=judge(FINE)).readiness(THING).plugin == "extra:b"


def test_none_leaves_the_question_to_the_next_plugin() -> None:
    assert load(a=judge(FINE), b=judge(None)).readiness(THING).plugin == "extra:a"


def test_a_plugin_may_ask_to_go_first_or_last() -> None:
    first = SimpleNamespace(readiness=hookimpl(tryfirst=True)(lambda resource: FINE))
    last = SimpleNamespace(readiness=hookimpl(trylast=True)(lambda resource: FINE))
    assert load(a=first, b=judge(FINE)).readiness(THING).plugin == "extra:a"
    assert load(a=judge(FINE), b=last).readiness(THING).plugin == "extra:a"


def test_a_plugin_may_leave_out_arguments() -> None:
    assert load(a=plugin(readiness=lambda: FINE)).readiness(THING).readiness is FINE


def test_a_plugin_may_be_an_object_with_methods() -> None:
    class Rules:
        @hookimpl
        def readiness(self, resource: Resource) -> Readiness:
            return Readiness.ready("Fine", resource.id.name)

    assert load(rules=Rules()).readiness(THING).readiness.message == "one"


def test_without_a_rule_the_verdict_is_unknown_and_says_for_which_kind() -> None:
    verdict = load().readiness(THING)
    assert (verdict.readiness.state, verdict.readiness.reason, verdict.plugin) == (ReadinessState.UNKNOWN, "NoRule", "")
    assert "Thing of API group 'example.com'" in verdict.readiness.message


@pytest.mark.parametrize(
    "error", [ValueError("secret"), RecursionError(), MemoryError(), SystemExit(1), StopIteration(), TemplateError("x")]
)
def test_a_plugin_that_raises_makes_the_verdict_unknown_and_nobody_else_is_asked(error: BaseException) -> None:
    verdict = load(good=judge(FINE), zbad=plugin(readiness=breaks(error))).readiness(THING)
    assert verdict.plugin == "extra:zbad"
    found = verdict.readiness
    assert (found.state, found.servable, found.reason) == (ReadinessState.UNKNOWN, False, "PluginError")
    assert f"plugin extra:zbad broke: {type(error).__name__} in test_manager.py line" in found.message
    assert "secret" not in found.message


def test_endless_recursion_is_a_broken_plugin() -> None:
    def forever(resource: Resource) -> Readiness:
        return forever(resource)

    assert "RecursionError" in load(a=plugin(readiness=forever)).readiness(THING).readiness.message


def test_control_c_is_not_swallowed() -> None:
    plugins = load(a=plugin(readiness=breaks(KeyboardInterrupt())))
    with pytest.raises(KeyboardInterrupt):
        plugins.readiness(THING)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (True, "answered with bool, not with a Readiness"),
        ("ready", "answered with str, not with a Readiness"),
        (Readiness("ready", True, "Fine", "fine"), "whose state is not of type ReadinessState"),  # type: ignore[arg-type]  # what a plugin without a type checker does
        (Readiness(ReadinessState.READY, 1, "Fine", "fine"), "whose servable is not of type bool"),  # type: ignore[arg-type]  # likewise
        (Readiness.ready("", "fine"), "without a reason or a message"),
        (Readiness.ready("Fine", ""), "without a reason or a message"),
    ],
)
def test_an_answer_that_is_no_readiness_names_the_plugin(answer: object, said: str) -> None:
    verdict = load(a=judge(answer)).readiness(THING)
    assert verdict.readiness.reason == "PluginError"
    assert verdict.readiness.message.startswith("plugin extra:a ")
    assert said in verdict.readiness.message


@pytest.mark.parametrize(
    ("related", "said"),
    [
        (breaks(KeyError("x")), "plugin extra:zbad broke: KeyError"),
        (lambda: "Thing/one", "plugin extra:zbad answered with str, not with a list of ResourceId"),
        (lambda: ["Thing/one"], "plugin extra:zbad lists related objects that are not ResourceId values"),
    ],
)
def test_a_plugin_that_breaks_on_related_objects_makes_the_verdict_unknown(
    related: Callable[..., Any], said: str
) -> None:
    plugins = load(good=judge(FINE), zbad=plugin(related_resources=related))
    verdict = plugins.readiness(THING)
    assert (verdict.readiness.reason, verdict.plugin) == ("PluginError", "extra:zbad")
    assert said in verdict.readiness.message
    assert plugins.related_resources(THING) == frozenset()


def test_related_objects_of_every_plugin_are_wanted() -> None:
    one, two = (ResourceId("example.com", "Other", "shop", name) for name in ("one", "two"))
    plugins = load(
        a=plugin(related_resources=lambda: [one], readiness=lambda: FINE),
        b=plugin(related_resources=lambda: (two, THING.id)),
        c=plugin(related_resources=lambda: None),
    )
    assert plugins.related_resources(THING) == {one, two}
    assert plugins.readiness(THING).readiness is FINE


def test_content_is_the_first_answer_and_an_empty_mapping_is_one() -> None:
    nothing: dict[str, Any] = {}
    content = load(a=plugin(signature_content=lambda: {"x": 1}), b=plugin(signature_content=lambda resource: nothing))
    assert content.signature_content(THING).value == {}
    assert content.signature_content(THING).error == ""


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"a": [1, {2}]}, "a[1] is of type set"),
        ({"a": {1: "x"}}, "a has a key of type int"),
        ((1, 2), "the value is of type tuple"),
        ({"a": math.nan}, "a is nan"),
        (object(), "is of type object"),
    ],
)
def test_content_that_is_not_json_is_an_error_that_names_the_place(value: object, said: str) -> None:
    content = load(a=plugin(signature_content=lambda: value)).signature_content(THING)
    assert (content.value, content.plugin) == ({}, "extra:a")
    assert said in content.error


def test_content_nested_without_end_is_an_error() -> None:
    endless: list[Any] = []
    endless.append(endless)
    content = load(a=plugin(signature_content=lambda: endless)).signature_content(THING)
    assert "nested too deeply" in content.error


def test_a_plugin_that_breaks_over_content_is_an_error_and_nobody_else_is_asked() -> None:
    broken = plugin(signature_content=breaks(KeyError("secret")))
    content = load(good=plugin(signature_content=lambda: {"x": 1}), zbad=broken).signature_content(THING)
    assert (content.value, content.plugin) == ({}, "extra:zbad")
    assert content.error.startswith("plugin extra:zbad broke: KeyError in test_manager.py line")


def test_without_a_rule_for_content_there_is_an_error() -> None:
    assert load().signature_content(THING).error == "no plugin says what of Thing is content"


def test_a_template_is_rendered_by_the_plugin_that_knows_its_engine() -> None:
    def render(engine: str, template: str, data: dict[str, Any]) -> str | None:
        return template.format(**data) if engine == "format" else None

    plugins = load(a=plugin(render_template=render))
    assert plugins.render("format", "{Name}!", {"Name": "web"}) == "web!"
    with pytest.raises(TemplateError, match="no plugin renders templates of the engine 'go'"):
        plugins.render("go", "x", {})


def test_a_template_error_reaches_the_author_as_it_is() -> None:
    def render(template: str) -> str:
        raise TemplateError("line 3: no such field")

    with pytest.raises(TemplateError, match=r"^line 3: no such field$"):
        load(a=plugin(render_template=render)).render("go", "x", {})


@pytest.mark.parametrize(
    ("render", "said"),
    [
        (lambda template: 1 / 0, "plugin extra:a broke: ZeroDivisionError"),
        (lambda template: b"x", "answered with bytes"),
    ],
)
def test_a_plugin_that_cannot_render_is_a_template_error_that_names_it(render: Any, said: str) -> None:
    with pytest.raises(TemplateError, match=said):
        load(a=plugin(render_template=render)).render("go", "x", {})


def test_the_kinds_of_all_plugins_are_joined_in_call_order() -> None:
    one, two = ResourceKind("g", "v1", "One", "ones"), ResourceKind("g", "v1", "Two", "twos", ("two",))
    plugins = load(a=plugin(resource_kinds=lambda: [one]), b=plugin(resource_kinds=lambda: (two,)), c=judge(None))
    assert plugins.kinds() == (two, one)
    assert plugins.failures == ()


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        (lambda: 1 / 0, "broke: ZeroDivisionError"),
        (lambda: "Deployment", "answered with str, not with a list of ResourceKind"),
        (lambda: ["Deployment"], "lists kinds that are not ResourceKind values"),
    ],
)
def test_a_plugin_whose_kinds_cannot_be_used_still_answers_for_readiness(kinds: Any, said: str) -> None:
    good = ResourceKind("g", "v1", "One", "ones")
    bad = SimpleNamespace(resource_kinds=hookimpl(kinds), readiness=hookimpl(lambda resource: FINE))
    plugins = load(a=plugin(resource_kinds=lambda: [good]), b=bad)
    assert plugins.kinds() == (good,)
    assert [(failure.name, failure.distribution) for failure in plugins.failures] == [("b", "extra")]
    assert said in plugins.failures[0].message
    assert plugins.readiness(THING).readiness is FINE


def test_a_misspelt_hook_is_refused_with_the_names_of_the_hooks() -> None:
    plugins = load(a=plugin(readines=lambda resource: FINE), b=judge(FINE))
    assert [loaded.name for loaded in plugins.loaded] == ["b"]
    failure = plugins.failures[0]
    hooks = ", ".join(sorted(name for name in vars(Hooks) if not name.startswith("_")))
    assert (failure.name, failure.message) == ("a", f"there is no hook named readines; the hooks are {hooks}")


def test_a_misspelt_argument_is_refused() -> None:
    plugins = load(a=plugin(readiness=lambda ressource: FINE))
    assert plugins.loaded == ()
    assert "ressource" in plugins.failures[0].message
    assert plugins.readiness(THING).readiness.reason == "NoRule"


@pytest.mark.parametrize("marked", [hookimpl(wrapper=True), hookimpl(hookwrapper=True)], ids=["wrapper", "hookwrapper"])
def test_a_wrapper_is_refused(marked: Callable[..., Any]) -> None:
    def readiness(resource: Resource) -> Generator[None, Any, Any]:
        return (yield)

    plugins = load(a=SimpleNamespace(readiness=marked(readiness)), b=judge(FINE))
    assert "readiness is a hook wrapper, which is not supported" in plugins.failures[0].message
    assert plugins.readiness(THING).plugin == "extra:b"
