"""`POST /v1/hooks/git`: webhooks of GitHub, GitLab, Gitea and Forgejo, signed as each of them does."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from iter8_gitops.errors import ConfigurationError, UnavailableError
from iter8_gitops.serving.webhooks import KEPT_DELIVERIES, Reception, Webhooks, WebhookSecret
from tests.serving.in_process import WEBHOOK_SECRET

PUSH = json.dumps({"ref": "refs/heads/main", "after": "0123abc"})
JSON = {"Content-Type": "application/json"}


def signed(body: str, secret: str = WEBHOOK_SECRET) -> str:
    return hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()


def github(body: str = PUSH, event: str = "push", **more: str) -> dict[str, str]:
    return {**JSON, "X-GitHub-Event": event, "X-Hub-Signature-256": f"sha256={signed(body)}", **more}


def gitea(body: str = PUSH) -> dict[str, str]:
    return {**JSON, "X-Gitea-Event": "push", "X-Gitea-Signature": signed(body)}


def gitlab(token: str = WEBHOOK_SECRET, **more: str) -> dict[str, str]:
    return {**JSON, "X-Gitlab-Event": "Push Hook", "X-Gitlab-Token": token, **more}


def post(api: Any, headers: Mapping[str, str], body: str = PUSH) -> Any:
    return api.call("POST", "/v1/hooks/git", body=body, headers=dict(headers))


@pytest.mark.parametrize("headers", [github(), gitea(), gitlab()], ids=["github", "gitea", "gitlab"])
def test_a_signed_push_wakes_the_sources(api: Any, tmp_path: Path, headers: Mapping[str, str]) -> None:
    assert not (tmp_path / "nudges").exists()
    answer = post(api, headers)
    assert (answer.status_code, answer.json["result"]) == (202, "accepted")
    assert (tmp_path / "nudges").exists()


@pytest.mark.parametrize(
    "headers",
    [
        JSON,
        {**github(), "X-Hub-Signature-256": "sha256=" + signed(PUSH, "another secret")},
        {**github(), "X-Hub-Signature-256": signed(PUSH)},
        {**github(), "X-Hub-Signature-256": ""},
        {**gitea(), "X-Gitea-Signature": signed(PUSH + " ")},
        gitlab("another secret"),
        gitlab(""),
        gitlab("sch\xf6n"),
    ],
)
def test_what_is_not_signed_with_the_secret_is_turned_away(
    api: Any, tmp_path: Path, headers: Mapping[str, str]
) -> None:
    answer = post(api, headers)
    assert (answer.status_code, answer.json["field"]) == (401, "signature")
    assert WEBHOOK_SECRET not in answer.text
    assert not (tmp_path / "nudges").exists()


def test_a_delivery_that_comes_again_wakes_nobody(api: Any, tmp_path: Path) -> None:
    post(api, github())
    before = (tmp_path / "nudges").stat().st_mtime_ns
    answer = post(api, github(**{"X-GitHub-Delivery": "an id that is not signed"}))
    assert (answer.status_code, answer.json["result"]) == (200, "repeated")
    assert (tmp_path / "nudges").stat().st_mtime_ns == before


def test_deliveries_of_gitlab_are_told_apart_by_their_id_because_nothing_is_signed(api: Any) -> None:
    results = [post(api, gitlab(**{"X-Gitlab-Event-UUID": each})).json["result"] for each in ("one", "two", "one")]
    assert results == ["accepted", "accepted", "repeated"]


@pytest.mark.parametrize("event", ["ping", "issues", "star"])
def test_events_that_change_nothing_in_git_are_ignored(api: Any, tmp_path: Path, event: str) -> None:
    answer = post(api, github(event=event))
    assert (answer.status_code, answer.json["result"]) == (200, "ignored")
    assert not (tmp_path / "nudges").exists()


def test_without_a_secret_none_are_taken(api: Any, bench: Any, tmp_path: Path) -> None:
    bench.webhooks._secret = WebhookSecret()
    answer = post(api, github(**{"X-Hub-Signature-256": "sha256=" + signed(PUSH, "")}))
    assert answer.status_code == 403
    assert "--webhook-secret-file" in answer.json["description"]


def test_the_secret_may_be_a_file_that_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("first\n")
    webhooks = Webhooks(WebhookSecret(file=tmp_path / "secret"), tmp_path / "nudges", tmp_path / "deliveries")
    headers = {"x-gitea-signature": signed(PUSH, "second")}
    assert not webhooks.is_genuine(headers, PUSH.encode())
    (tmp_path / "secret").write_text("second\n")
    assert webhooks.is_genuine(headers, PUSH.encode())
    (tmp_path / "secret").write_text("")
    with pytest.raises(UnavailableError, match="is empty"):
        webhooks.is_genuine(headers, PUSH.encode())


def test_a_secret_that_cannot_be_read_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such file"):
        WebhookSecret(file=tmp_path / "nowhere").check()


def test_only_the_newest_deliveries_are_remembered(tmp_path: Path) -> None:
    webhooks = Webhooks(WebhookSecret("s"), tmp_path / "nudges", tmp_path / "deliveries")
    headers = {"x-gitea-event": "push"}
    for number in range(KEPT_DELIVERIES + 5):
        assert webhooks.receive(headers, b"%d" % number) is Reception.ACCEPTED
    assert len(list((tmp_path / "deliveries").iterdir())) == KEPT_DELIVERIES
    assert webhooks.receive(headers, b"%d" % (KEPT_DELIVERIES + 4)) is Reception.REPEATED


def test_a_state_folder_that_cannot_be_written_is_worth_another_try(tmp_path: Path) -> None:
    (tmp_path / "deliveries").write_text("in the way")
    webhooks = Webhooks(WebhookSecret("s"), tmp_path / "nudges", tmp_path / "deliveries")
    with pytest.raises(UnavailableError, match="cannot be told"):
        webhooks.receive({"x-gitea-event": "push"}, b"x")
