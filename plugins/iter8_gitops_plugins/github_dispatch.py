"""GitHub's `repository_dispatch`, which starts workflows of GitHub Actions."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus

from iter8_gitops.contracts.notifier import LONGEST_TEXT, Notice, Notifier, NotifierSettings, one_line
from iter8_gitops.errors import ConfigurationError
from iter8_gitops.hooks import hookimpl
from iter8_gitops_plugins.webhooks.github import GithubApi
from iter8_gitops_plugins.webhooks.webhook import Webhook

_RIGHTS = "`Contents: write` on it (a fine-grained token or an app), or the scope `repo` (a classic token)"
_LONGEST_EVENT_TYPE = 100


@hookimpl
def open_notifier(settings: NotifierSettings) -> Notifier | None:
    """For notifiers of the type `github-dispatch`.

    `repository` is `owner/name`, `apiUrl` that of a GitHub Enterprise Server, and `eventType` what workflows
    are triggered by (`iter8-` and the kind of the notice, unless given). The secret is `token`.
    """
    if settings.type != "github-dispatch":
        return None
    settings.expect_only({"repository", "apiUrl", "eventType", "token"})
    event_type = settings.option("eventType", "")
    if len(event_type) > _LONGEST_EVENT_TYPE:
        message = f"eventType is longer than the {_LONGEST_EVENT_TYPE} characters that GitHub takes"
        raise ConfigurationError(message)
    api = GithubApi.of(settings)
    return GithubDispatch(
        api.webhook("dispatches", what="events", rights=_RIGHTS, expected={HTTPStatus.NO_CONTENT}), event_type
    )


class GithubDispatch:
    """Posts each notice as an event, with all its fields as the payload."""

    def __init__(self, webhook: Webhook, event_type: str) -> None:
        self._webhook = webhook
        self._event_type = event_type

    def send(self, notice: Notice) -> None:
        """Post it. Raises `NotDeliveredError`."""
        event_type = self._event_type or f"iter8-{notice.kind}"
        self._webhook.post({"event_type": event_type, "client_payload": payload(notice)})

    def close(self) -> None:
        """Close idle connections."""
        self._webhook.close()


def payload(notice: Notice) -> dict[str, str]:
    """Every field, also the empty ones, so that workflows may count on them. GitHub takes ten at most."""
    fields = {
        "kind": notice.kind.value,
        "reason": notice.reason,
        "message": notice.message,
        "at": datetime.fromtimestamp(notice.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "application": notice.application,
        "version": notice.version,
        "signature": notice.signature,
        "source": notice.source,
        "revision": notice.revision,
    }
    return {name: one_line(value, LONGEST_TEXT) for name, value in fields.items()}
