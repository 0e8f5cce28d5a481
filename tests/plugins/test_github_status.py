"""Commit statuses at GitHub, posted to real servers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest

from iter8_gitops.contracts.notifier import Notice, NoticeKind, Notifier, NotifierSettings
from iter8_gitops.errors import ConfigurationError, NotDeliveredError
from iter8_gitops.hooks import Plugins
from tests.plugins.receivers import Reply, receiving, without_proxies
from tests.plugins.secrecy import assert_hidden, everything_said

COMMIT = "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d"
APPLIED = Notice(
    NoticeKind.REVISION, "Applied", "everything in it is in force", 1.0, source="routemaps", revision=COMMIT
)
Open = Callable[..., Notifier]


@pytest.fixture
def open_status(plugins: Plugins, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    without_proxies(monkeypatch)
    with ExitStack() as stack:

        def open_one(**options: str) -> Notifier:
            chosen = {"repository": "you/routemaps", **options}
            notifier = plugins.open_notifier(NotifierSettings("github-status", "s", chosen, {"token": "s3cr3t"}))
            stack.callback(notifier.close)
            return notifier

        yield open_one


def test_a_commit_that_is_in_force_is_a_success(open_status: Open) -> None:
    with receiving(Reply(201)) as github:
        open_status(apiUrl=github.url).send(APPLIED)
    (request,) = github.requests
    assert (request.method, request.target) == ("POST", f"/repos/you/routemaps/statuses/{COMMIT}")
    assert request.headers["authorization"] == "Bearer s3cr3t"
    assert request.json == {
        "state": "success",
        "context": "iter8-gitops",
        "description": "everything in it is in force",
    }


def test_a_commit_with_problems_is_a_failure_that_says_which_in_the_length_that_github_takes(open_status: Open) -> None:
    with receiving(Reply(201)) as github:
        notice = replace(APPLIED, reason="Problems", message="what has problems is as it was before: " + "x" * 500)
        open_status(apiUrl=github.url, context="iter8/shop").send(notice)
    (request,) = github.requests
    assert (request.json["state"], request.json["context"]) == ("failure", "iter8/shop")
    assert len(request.json["description"]) <= 140


@pytest.mark.parametrize(
    "notice",
    [
        replace(APPLIED, kind=NoticeKind.PROBLEM),
        replace(APPLIED, source="another"),
        replace(APPLIED, revision="sha256:ad3d3"),
        replace(APPLIED, revision=""),
    ],
)
def test_of_anything_but_the_commits_of_its_source_nothing_is_said(open_status: Open, notice: Notice) -> None:
    with receiving(Reply(201)) as github:
        open_status(apiUrl=github.url).send(notice)
    assert github.requests == []


def test_a_token_without_rights_is_told_with_what_it_needs(open_status: Open) -> None:
    with receiving(Reply(403)) as github, pytest.raises(NotDeliveredError) as refused:
        open_status(apiUrl=github.url).send(APPLIED)
    assert not refused.value.retry
    assert "`Commit statuses: write`" in str(refused.value)
    assert_hidden(*everything_said(refused.value))


@pytest.mark.parametrize(("option", "value"), [("repository", "nothing"), ("apiUrl", "ftp://x"), ("colour", "red")])
def test_an_option_of_no_use_is_refused_by_name(open_status: Open, option: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=option):
        open_status(**{option: value})


def test_one_that_would_never_be_told_of_a_commit_is_refused(plugins: Plugins) -> None:
    events = frozenset({NoticeKind.READY})
    settings = NotifierSettings("github-status", "s", {"repository": "a/b"}, {"token": "s3cr3t"}, events)
    with pytest.raises(ConfigurationError, match=r"events: \[revision\]"):
        plugins.open_notifier(settings)
