"""`iter8-gitops plugins`: what people and scripts are told of the plugins that are installed."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Callable, Iterator
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from iter8_gitops import __version__
from iter8_gitops.cli import main
from iter8_gitops.hooks import HOOKS_VERSION, loading

Install = Callable[[str, str], None]

THINGS = """
    from iter8_gitops.hooks import Readiness, ResourceKind, hookimpl

    @hookimpl
    def resource_kinds():
        things = ResourceKind("example.com", "v1", "Thing", "things", ("thing", "th"))
        return [things, ResourceKind("example.com", "v1", "Other", "others")]

    @hookimpl
    def readiness(resource):
        return Readiness.ready("Fine", "all is well")
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install a distribution whose one entry point, `thing`, refers to a module with the given source."""
    monkeypatch.syspath_prepend(tmp_path)
    modules = set(sys.modules)

    def write(distribution: str, source: str) -> None:
        module = distribution.replace("-", "_")
        (tmp_path / f"{module}.py").write_text(textwrap.dedent(source))
        metadata = tmp_path / f"{module}-1.2.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n")
        (metadata / "entry_points.txt").write_text(f"[iter8_gitops]\nthing = {module}\n")

    yield write
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def plugins(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["plugins", *arguments])
    return result.exit_code, result.stdout, result.stderr


def as_json() -> tuple[int, dict[str, Any], str]:
    code, said, errors = plugins("-o", "json")
    return code, json.loads(said), errors


def test_the_first_party_plugins_are_listed_under_their_package() -> None:
    code, said, errors = plugins()
    lines = said.splitlines()
    assert (code, errors) == (0, "")
    assert lines[0].split() == ["PLUGIN", "KINDS", "HOOKS"]
    assert lines[1] == f"iter8-gitops {__version__}"
    (deployment,) = (line for line in lines if line.startswith("  deployment "))
    assert deployment.split(maxsplit=2) == ["deployment", "deploy", "readiness, resource_kinds, signature_content"]
    assert all(len(line) <= 100 for line in lines)


def test_the_plugins_of_other_packages_come_first_as_they_are_asked_first(install: Install) -> None:
    install("acme-things", THINGS)
    code, said, _ = plugins()
    assert code == 0
    assert [line.split() for line in said.splitlines()[1:4]] == [
        ["acme-things", "1.2"],
        ["thing", "thing,", "others.example.com", "readiness,", "resource_kinds"],
        ["iter8-gitops", __version__],
    ]


def test_scripts_get_the_same_as_json(install: Install) -> None:
    install("acme-things", THINGS)
    code, answer, errors = as_json()
    assert (code, errors, answer["hooksVersion"], answer["failures"]) == (0, "", HOOKS_VERSION, [])
    assert answer["plugins"][0] == {
        "name": "thing",
        "package": "acme-things",
        "version": "1.2",
        "hooks": ["readiness", "resource_kinds"],
        "kinds": ["thing", "th", "others.example.com"],
    }
    first_party = {each["name"]: each for each in answer["plugins"][1:]}
    assert first_party["deployment"]["kinds"] == ["deploy", "deployment"]
    assert first_party["go-template"]["kinds"] == []


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("raise ValueError('password=hunter2')", "it cannot be loaded: ValueError in acme_things.py line 1"),
        ("x = 1", "it implements no hook; mark its functions with iter8_gitops.hooks.hookimpl"),
        (
            f'iter8_gitops_hooks = "9.0"\n{textwrap.dedent(THINGS)}',
            f"it needs hooks 9.0, and iter8-gitops {__version__} has hooks {HOOKS_VERSION}; upgrade iter8-gitops",
        ),
    ],
)
def test_a_plugin_that_cannot_be_loaded_is_told_and_the_others_are_listed(
    source: str, said: str, install: Install
) -> None:
    install("acme-things", source)
    code, table, errors = plugins()
    assert (code, errors) == (1, f"problem: plugin thing of acme-things: {said}\n")
    assert "  deployment " in table
    code, answer, errors = as_json()
    assert (code, errors) == (1, "")
    assert answer["failures"] == [{"name": "thing", "package": "acme-things", "message": said}]


def test_a_plugin_whose_kinds_cannot_be_used_is_listed_and_told(install: Install) -> None:
    install("acme-things", THINGS.replace("return [things,", "return things or ["))
    code, answer, _ = as_json()
    assert code == 1
    assert answer["plugins"][0]["kinds"] == []
    assert "not with a list of ResourceKind" in answer["failures"][0]["message"]


def test_a_package_whose_entry_points_cannot_be_read_is_told(install: Install, tmp_path: Path) -> None:
    install("acme-things", "")
    (tmp_path / "acme_things-1.2.dist-info" / "entry_points.txt").write_text("[iter8_gitops]\nthis is none\n")
    code, _, errors = plugins()
    assert code == 1
    assert errors.startswith("problem: acme-things: its entry points cannot be read: ")


def test_without_any_plugin_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    others = [each for each in distributions() if each.name != "iter8-gitops"]
    monkeypatch.setattr(loading, "distributions", lambda: others)
    assert plugins() == (0, "no plugins\n", "")
