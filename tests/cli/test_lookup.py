"""`lookup`: the answer in a sentence, with the reason; attributes as they are asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from click.testing import CliRunner, Result

from iter8_gitops.cli import main

ANSWER = {
    "application": "shop/checkout",
    "versionNumber": 1,
    "versionName": "one-page",
    "signature": "edaa709a1102cd1c",
    "stale": False,
    "reason": "random",
    "rule": None,
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the server was asked last, and under `answer` what it says."""
    seen: dict[str, Any] = {"answer": ANSWER}

    def get_json(_server: str, path: str, **query: str) -> Any:
        seen["path"], seen["query"] = path, query
        return seen["answer"]

    # By its name, because the package's attribute `lookup` is the command.
    monkeypatch.setattr(import_module("iter8_gitops.cli.lookup"), "get_json", get_json)
    return seen


def lookup(*options: str) -> Result:
    return CliRunner().invoke(main, ["lookup", "shop/checkout", "alice", *options])


@pytest.mark.parametrize(
    ("reason", "rule", "said"),
    [
        ("random", None, "at random"),
        ("override", None, "by an override"),
        ("holdout", None, "as one of the holdout"),
        ("rule", "staff", "by the rule staff"),
    ],
)
def test_the_reason_is_told(asked: dict[str, Any], reason: str, rule: str | None, said: str) -> None:
    asked["answer"] = {**ANSWER, "reason": reason, "rule": rule}

    assert lookup().output == (f"shop/checkout: alice gets version 1 (one-page) {said}, signature edaa709a1102cd1c\n")


def test_attributes_are_asked_for_as_they_are_written(asked: dict[str, Any]) -> None:
    lookup("--attribute", "group=staff", "--attribute", "path=a=b", "--attribute", "empty=")

    assert asked["path"] == "/v1/lookup"
    assert asked["query"] == {
        "application": "shop/checkout",
        "user": "alice",
        "attribute.group": "staff",
        "attribute.path": "a=b",
        "attribute.empty": "",
    }


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--attribute", "group"], "'group' is not of the form NAME=TEXT"),
        (["--attribute", "=staff"], "'=staff' is not of the form NAME=TEXT"),
        (["--attribute", "a=x", "--attribute", "a=y"], "a is given twice, as 'x' and 'y'"),
    ],
)
def test_a_bad_attribute_is_refused_before_the_server_is_asked(
    asked: dict[str, Any], options: list[str], said: str
) -> None:
    result = lookup(*options)

    assert result.exit_code == 2
    assert said in " ".join(result.output.split())
    assert "path" not in asked
