"""GitHub's commit statuses: beside each commit, whether all that it holds is in force."""

from __future__ import annotations

import re
from http import HTTPStatus

from iter8_gitops.contracts.notifier import Notice, NoticeKind, Notifier, NotifierSettings, one_line
from iter8_gitops.errors import ConfigurationError
from iter8_gitops.hooks import hookimpl
from iter8_gitops_plugins.webhooks.github import GithubApi

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_LONGEST_DESCRIPTION = 140
_CONTEXT = "iter8-gitops"
_RIGHTS = (
    "`Commit statuses: write` on it (a fine-grained token or an app), or the scope `repo:status` (a classic token)"
)


@hookimpl
def open_notifier(settings: NotifierSettings) -> Notifier | None:
    """For notifiers of the type `github-status`, which are told of the event `revision`.

    `repository` is `owner/name`, `apiUrl` that of a GitHub Enterprise Server, `context` what the status is called, and
    `source` the name of the source whose commits it is about (`routemaps`, unless given). The secret is `token`.
    """
    if settings.type != "github-status":
        return None
    if NoticeKind.REVISION not in settings.events:
        raise ConfigurationError("events must name revision, for of others no status tells: write events: [revision]")
    settings.expect_only({"repository", "apiUrl", "context", "source", "token"})
    return GithubStatus(
        GithubApi.of(settings), settings.option("context", _CONTEXT), settings.option("source", "routemaps")
    )


class GithubStatus:
    """Sets the status of each commit of one source; of other notices it has nothing to say."""

    def __init__(self, api: GithubApi, context: str, source: str) -> None:
        self._api = api
        self._context = context
        self._source = source

    def send(self, notice: Notice) -> None:
        """Set the status. Raises `NotDeliveredError`."""
        is_ours = notice.kind is NoticeKind.REVISION and notice.source == self._source
        if not is_ours or not _COMMIT.fullmatch(notice.revision):
            return
        status = {
            "state": "success" if notice.reason == "Applied" else "failure",
            "context": self._context,
            "description": one_line(notice.message, _LONGEST_DESCRIPTION),
        }
        path = f"statuses/{notice.revision}"
        webhook = self._api.webhook(path, what="statuses", rights=_RIGHTS, expected={HTTPStatus.CREATED})
        try:
            webhook.post(status)
        finally:
            webhook.close()

    def close(self) -> None:
        """Nothing stays open between two commits."""
