"""The first-party notifiers keep the contract that those of other people's plugins are held to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import urllib3
from iter8_gitops_plugins import github_dispatch, slack
from iter8_gitops_plugins.webhooks import connections

from iter8_gitops.contracts.notifier import NotifierSettings
from iter8_gitops.testing import HttpReceiver, NotifierContract
from tests.plugins.receivers import without_proxies


@pytest.fixture(autouse=True)
def _impatient_and_direct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "_TIMEOUT", urllib3.Timeout(connect=1.0, read=1.0))
    without_proxies(monkeypatch)


class TestSlack(NotifierContract):
    plugin = slack

    @pytest.fixture
    def settings(self, receiver: HttpReceiver) -> NotifierSettings:
        return NotifierSettings("slack", "team-chat", secrets={"url": f"{receiver.url}/services/s3cr3t"})


class TestGithubDispatch(NotifierContract):
    plugin = github_dispatch

    @pytest.fixture
    def receiver(self) -> Iterator[HttpReceiver]:
        with HttpReceiver(success=204) as receiver:
            yield receiver

    @pytest.fixture
    def settings(self, receiver: HttpReceiver) -> NotifierSettings:
        options = {"repository": "you/shop", "apiUrl": receiver.url}
        return NotifierSettings("github-dispatch", "workflows", options, {"token": "s3cr3t"})
