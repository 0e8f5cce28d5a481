"""What docs/plugins.md shows and says: the example as it is, every hook, every suite, and nothing that is not there."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import re
import tomllib
from pathlib import Path

import pytest

import iter8_gitops.testing
from iter8_gitops.hooks import HOOKS_VERSION, Hooks, Plugins

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "plugins" / "iter8-gitops-ray"
PAGE = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
HOOKS = [name for name in vars(Hooks) if not name.startswith("_")]
SHOWN = dict(re.findall(r"\]\(\.\./examples/plugins/iter8-gitops-ray/(\S+)\):\n\n```\w+\n(.*?)```\n", PAGE, re.DOTALL))
PYTHON = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def arguments_of(hook: str) -> list[str]:
    return list(inspect.signature(getattr(Hooks, hook)).parameters)[1:]


def section_of(hook: str) -> str:
    """The text below the heading of a hook."""
    heading = f"### `{hook}({', '.join(arguments_of(hook))})`\n"
    assert PAGE.count(heading) == 1, heading
    return re.split(r"\n#{2,3} ", PAGE.partition(heading)[2])[0]


@pytest.mark.parametrize("path", ["pyproject.toml", "src/iter8_gitops_ray/__init__.py", "tests/test_rayservice.py"])
def test_the_files_of_the_example_are_shown_as_they_are(path: str) -> None:
    assert SHOWN[path] == (EXAMPLE / path).read_text(encoding="utf-8")


def test_what_the_example_registers_is_there() -> None:
    registered = tomllib.loads(SHOWN["pyproject.toml"])["project"]["entry-points"]["iter8_gitops"]
    assert registered == {"rayservice": "iter8_gitops_ray"}
    assert (EXAMPLE / "src" / registered["rayservice"] / "__init__.py").is_file()


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_has_a_row_and_a_section_with_arguments_answers_and_errors(hook: str) -> None:
    arguments = arguments_of(hook)
    assert f"| `{hook}({', '.join(arguments)})` |" in PAGE
    section = section_of(hook)
    assert all(re.search(rf"^- .*`{argument}`[:,]|[.,] `{argument}`:", section, re.MULTILINE) for argument in arguments)
    for said in ("*Returns*", "*None*", "*Errors*"):
        assert f"- {said}" in section, said


@pytest.mark.parametrize("name", iter8_gitops.testing.__all__)
def test_every_part_of_the_testing_kit_is_mentioned(name: str) -> None:
    testing = PAGE.partition("## The testing kit\n")[2].partition("\n## ")[0]
    assert re.search(rf"\b{name}\b", testing)


def test_every_first_party_kind_with_a_rule_of_its_own_is_named() -> None:
    missing = [kind.kind for kind in Plugins.load().kinds() if not re.search(rf"\b{kind.kind}\b", PAGE)]
    assert missing == []


@pytest.mark.parametrize("source", PYTHON, ids=range(len(PYTHON)))
def test_what_the_code_imports_of_iter8_gitops_exists(source: str) -> None:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("iter8_gitops."):
            module = importlib.import_module(str(node.module))
            assert [each.name for each in node.names if not hasattr(module, each.name)] == []


def test_the_version_of_the_hooks_is_the_present_one() -> None:
    assert f"`iter8_gitops.hooks.HOOKS_VERSION`, now `{HOOKS_VERSION}`" in PAGE.replace("\n", " ")
    assert f'iter8_gitops_hooks = "{HOOKS_VERSION}"' in PAGE


def test_the_json_of_the_command_has_the_shape_that_is_shown() -> None:
    (shown,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    answer = json.loads(shown)
    assert answer["hooksVersion"] == HOOKS_VERSION
    assert list(answer["plugins"][0]) == ["name", "package", "version", "hooks", "kinds"]
    assert list(answer["failures"][0]) == ["name", "package", "message"]


def test_links_lead_somewhere() -> None:
    targets = [target for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", PAGE) if "://" not in target]
    assert targets
    assert [target for target in targets if not (ROOT / "docs" / target).exists()] == []
    headings = {
        re.sub(r"[^\w\- ]", "", line.lstrip("# ")).lower().replace(" ", "-")
        for line in PAGE.splitlines()
        if line.startswith("#")
    }
    assert [anchor for anchor in re.findall(r"\]\(#([^)]+)\)", PAGE) if anchor not in headings] == []
