"""`iter8-gitops get routemaps`: what people read of problems."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner

from iter8_gitops.cli import get as command

REFUSED = {
    "file": "",
    "line": 0,
    "column": 0,
    "message": "routing template 'r': no",
    "hint": "",
    "application": "shop/a",
}
WRONG = {"file": "a.yaml", "line": 3, "column": 5, "message": "bad", "hint": "fix", "application": "shop/a"}
LOST = {"file": "", "line": 0, "column": 0, "message": "nobody's", "hint": "", "application": None}


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [
        (REFUSED, "problem: shop/a: routing template 'r': no\n"),
        (WRONG, "problem: a.yaml:3:5: bad (fix)\n"),
        (LOST, "problem: nobody's\n"),
    ],
)
def test_a_problem_names_its_file_or_else_its_routemap(
    monkeypatch: pytest.MonkeyPatch, problem: dict[str, Any], sentence: str
) -> None:
    monkeypatch.setattr(command, "get_json", lambda server, path: {"routemaps": [], "problems": [problem]})
    result = CliRunner().invoke(command.get, ["routemaps"])
    assert result.output.endswith(sentence)
