"""`iter8-gitops get routemaps`: what people read of problems."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from click.testing import CliRunner

from iter8_gitops.cli import main


def problem_at(file: str, line: int, column: int, application: str | None) -> dict[str, Any]:
    place = {"file": file, "line": line, "column": column}
    return {**place, "message": "bad", "hint": "fix it", "application": application}


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [
        (problem_at("a.yaml", 3, 5, "shop/a"), "problem: a.yaml:3:5: bad (fix it)\n"),
        (problem_at("", 0, 0, "shop/a"), "problem: shop/a: bad (fix it)\n"),
        (problem_at("", 0, 0, None), "problem: bad (fix it)\n"),
    ],
)
def test_a_problem_names_its_file_or_else_its_routemap(
    monkeypatch: pytest.MonkeyPatch, problem: dict[str, Any], sentence: str
) -> None:
    answer = {"routemaps": [], "problems": [problem]}
    # By its name, because the package's attribute `get` is the command.
    monkeypatch.setattr(import_module("iter8_gitops.cli.get"), "get_json", lambda server, path: answer)
    result = CliRunner().invoke(main, ["get", "routemaps"])
    assert result.output.endswith(sentence)
