"""The suite for template engines: a good one passes, and each kind of mistake is found and explained."""

from __future__ import annotations

from typing import Any

import pytest

from iter8_gitops.testing import TemplateContract
from tests.testing.running import complaints, module_of

PLUGIN = """
from iter8_gitops.hooks import TemplateError, hookimpl

@hookimpl
def render_template(engine, template, data):
    if engine != "percent":
        return None
    if "%" * 50 in template:
        raise TemplateError("the template is too long")
    try:
        return template % {"name": data["Name"], "labels": len(data["Labels"])}
    except (KeyError, ValueError, TypeError) as error:
        raise TemplateError(f"line 1: {type(error).__name__}") from error
"""
PERCENT: dict[str, Any] = {
    "engine": "percent",
    "renders": {"%(name)s": "backend", "100%%": "100%"},
    "broken": {"%(nme)s": "line 1", "%(name": "line 1"},
    "hostile": ["%" * 1_000_000],
}


def percent(source: str = PLUGIN, **attributes: object) -> type[TemplateContract]:
    return type("TestPercent", (TemplateContract,), {"plugin": module_of(source), **PERCENT, **attributes})


def test_a_good_engine_passes() -> None:
    assert complaints(percent()) == {}


MISTAKES = {
    "raises an error of its own": (
        "except (KeyError, ValueError, TypeError)",
        "except (ValueError, TypeError)",
        "test_a_broken_template_is_a_template_error_for_its_author",
        "render_template raised KeyError when it was asked about '%(nme)s'",
    ),
    "renders what is broken": (
        'raise TemplateError(f"line 1: {type(error).__name__}") from error',
        'return ""',
        "test_a_broken_template_is_a_template_error_for_its_author",
        "'%(nme)s' is rendered, but it is broken",
    ),
    "does not say where": (
        'f"line 1: {type(error).__name__}"',
        '"it is broken"',
        "test_a_broken_template_is_a_template_error_for_its_author",
        "does not say 'line 1': 'it is broken'",
    ),
    "says what cannot be printed": (
        'f"line 1: {type(error).__name__}"',
        '"line 1: \\x1b[31m"',
        "test_a_broken_template_is_a_template_error_for_its_author",
        "cannot be printed or is too long",
    ),
    "refuses what is fine": (
        "    try:",
        '    raise TemplateError("never")\n    try:',
        "test_templates_are_rendered",
        "'%(name)s' is not rendered: never",
    ),
    "renders something else": (
        "return template % ",
        "return '' and template % ",
        "test_templates_are_rendered",
        "the text of '%(name)s': '', but it should be 'backend'",
    ),
    "gives no text": (
        "return template % ",
        "return template.encode() and None and ",
        "test_templates_are_rendered",
        "render_template gives no text for '%(name)s', but None",
    ),
    "changes the data": (
        "    try:",
        '    data["Labels"].clear()\n    try:',
        "test_templates_are_rendered",
        "the data after '%(name)s'",
    ),
    "answers for every engine": (
        'engine != "percent"',
        "not engine",
        "test_another_engine_is_left_to_other_plugins",
        "render_template answers for the engine 'no-such-engine'",
    ),
    "breaks for every other engine": (
        "        return None",
        "        raise LookupError(engine)",
        "test_another_engine_is_left_to_other_plugins",
        "render_template raised LookupError when it was asked about the engine 'no-such-engine'",
    ),
    "needs labels": (
        'len(data["Labels"])',
        '1 // len(data["Labels"])',
        "test_less_data_is_no_reason_to_break",
        "render_template raised ZeroDivisionError",
    ),
    "takes its time": (
        'raise TemplateError("the template is too long")',
        "__import__('time').sleep(0.3)",
        "test_a_hostile_template_ends",
        "s, more than 0.2 s",
    ),
    "is spoilt by a hostile template": (
        'raise TemplateError("the template is too long")',
        "globals()['Broken'] = True\n    if 'Broken' in globals():\n        raise TemplateError('out of order')",
        "test_a_template_after_a_hostile_one_is_rendered",
        "'%(name)s' is not rendered: out of order",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_found_and_explained(mistake: str) -> None:
    right, wrong, found_by, said = MISTAKES[mistake]
    assert right in PLUGIN
    assert said in complaints(percent(PLUGIN.replace(right, wrong), seconds=0.2)).get(found_by, "")
