"""GitHub's `repository_dispatch`, which starts workflows of GitHub Actions."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus

from iter8_gitops.contracts.notifier import LONGEST_TEXT, Notice, Notifier, NotifierSettings, one_line
from iter8_gitops.errors import ConfigurationError
from iter8_gitops.hooks import hookimpl
from iter8_gitops_plugins.webhooks.addresses import Address
from iter8_gitops_plugins.webhooks.webhook import Webhook

GITHUB = "https://api.github.com"
API_VERSION = "2022-11-28"

_REPOSITORY = re.compile(r"[A-Za-z0-9-]+/(?!\.{1,2}$)[\w.-]+", re.ASCII)
_TOKEN = re.compile(r"[!-~]+")
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
    repository = settings.option("repository")
    if not _REPOSITORY.fullmatch(repository):
        raise ConfigurationError("repository is none: write OWNER/NAME")
    event_type = settings.option("eventType", "")
    if len(event_type) > _LONGEST_EVENT_TYPE:
        message = f"eventType is longer than the {_LONGEST_EVENT_TYPE} characters that GitHub takes"
        raise ConfigurationError(message)
    token = settings.secret("token")
    if not _TOKEN.fullmatch(token):
        raise ConfigurationError("token holds characters that no token has; is it the right variable or file?")
    api = Address.of(settings.option("apiUrl", GITHUB), "apiUrl").url.partition("?")[0].rstrip("/")
    return GithubDispatch(Address.of(f"{api}/repos/{repository}/dispatches", "apiUrl"), repository, token, event_type)


class GithubDispatch:
    """Posts each notice as an event, with all its fields as the payload."""

    def __init__(self, address: Address, repository: str, token: str, event_type: str) -> None:
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {token}",
            "X-GitHub-Api-Version": API_VERSION,
        }
        expected = {HTTPStatus.NO_CONTENT}
        self._event_type = event_type
        self._webhook = Webhook(address, advice=_advice_about(repository), headers=headers, expected=expected)

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


def _advice_about(repository: str) -> Callable[[int], str]:
    rights = "`Contents: write` on it (a fine-grained token or an app), or the scope `repo` (a classic token)"
    known: dict[int, str] = {
        HTTPStatus.UNAUTHORIZED: "the token is not valid, or has expired: give another one as the secret",
        HTTPStatus.FORBIDDEN: f"the token may not send events to {repository}: it needs {rights}",
        HTTPStatus.NOT_FOUND: f"there is no repository {repository}, or the token may not see it: it needs {rights}",
        HTTPStatus.UNPROCESSABLE_ENTITY: f"{repository} takes no such event; is it archived?",
    }
    return lambda status: known.get(status, "is `apiUrl` that of GitHub's API?")
