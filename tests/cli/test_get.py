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
    answer = {"routemaps": [], "problems": [problem], "staleReason": ""}
    # By its name, because the package's attribute `get` is the command.
    monkeypatch.setattr(import_module("iter8_gitops.cli.get"), "get_json", lambda server, path: answer)
    result = CliRunner().invoke(main, ["get", "routemaps"])
    assert result.output.endswith(sentence)


def test_a_source_that_fails_is_told_once_also_when_no_routemap_came_from_it(monkeypatch: pytest.MonkeyPatch) -> None:
    failing = "source git new has failed since 2026-01-01T00:00:00Z: it is refused"
    answer = {"routemaps": [], "problems": [], "staleReason": failing}
    monkeypatch.setattr(import_module("iter8_gitops.cli.get"), "get_json", lambda server, path: answer)
    result = CliRunner().invoke(main, ["get", "routemaps"])
    assert result.output == f"no routemaps\nstale: {failing}\n"


def test_who_gets_what_not_at_random_is_told_of_one_routemap(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = {"name": "staff", "when": {"country": ["de"], "group": ["beta", "staff"]}, "version": 1}
    targeting = {"overrides": {"users": 2, "digest": "0123"}, "holdout": 0.05, "rules": [rule]}
    told: dict[str, Any] = {"settled": True, "stalled": False, "available": True, "weight": 1, "signature": "aaaa"}
    versions = [{"name": name, **told} for name in ("stable", "one-page")]
    place = {"application": "shop/web", "revision": "1", "problems": [], "staleReason": ""}
    answer = {**place, "versions": versions, "targeting": targeting}
    monkeypatch.setattr(import_module("iter8_gitops.cli.get"), "get_json", lambda server, path: answer)
    result = CliRunner().invoke(main, ["get", "routemaps", "shop/web"])
    assert result.output.splitlines()[-3:] == [
        "not at random: 2 users by overrides",
        "not at random: 5% of the users, the holdout, get stable",
        "not at random: rule staff: one-page where country is de and group is beta or staff",
    ]


def source(result: str, **more: Any) -> dict[str, Any]:
    known = {"name": "git", "location": "git host/repo (main)", "revision": "0123456789abcdef", "author": "Ada <a@b.c>"}
    rest: dict[str, Any] = {"routemaps": 3, "readAt": None, "failingSince": None, "message": "", "problems": []}
    return {**known, **rest, "result": result, **more}


@pytest.mark.parametrize(
    ("answer", "said", "code"),
    [
        (source("applied"), "git   3          0123456789ab  Ada     applied  git host/repo (main)\n", 0),
        (source("waiting", revision="", author=""), "git   3          -         -       waiting to be read", 0),
        (
            source("failing", failingSince="2026-01-01T00:00:00+00:00", message="no route to host"),
            "no route to host",
            1,
        ),
        (source("problems", problems=[problem_at("a.yaml", 3, 5, None)]), "problem: a.yaml:3:5: bad (fix it)\n", 1),
    ],
)
def test_sources_show_what_became_of_their_newest_revision(
    monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any], said: str, code: int
) -> None:
    monkeypatch.setattr(import_module("iter8_gitops.cli.get"), "get_json", lambda server, path: {"sources": [answer]})
    result = CliRunner().invoke(main, ["get", "sources"])
    assert said in result.output
    assert result.exit_code == code
