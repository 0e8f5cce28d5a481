"""What GitHub's REST API asks of whoever posts to it."""

from __future__ import annotations

import re
from collections.abc import Collection
from http import HTTPStatus

from iter8_gitops.contracts.notifier import NotifierSettings
from iter8_gitops.errors import ConfigurationError
from iter8_gitops_plugins.webhooks.addresses import Address
from iter8_gitops_plugins.webhooks.webhook import Webhook

GITHUB = "https://api.github.com"
API_VERSION = "2022-11-28"

_REPOSITORY = re.compile(r"[A-Za-z0-9-]+/(?!\.{1,2}$)[\w.-]+", re.ASCII)
_TOKEN = re.compile(r"[!-~]+")


class GithubApi:
    """The API of one repository, with a token. Connects to nothing."""

    def __init__(self, repository: str, token: str, root: str) -> None:
        self._repository = repository
        self._token = token
        self._root = root

    @classmethod
    def of(cls, settings: NotifierSettings) -> GithubApi:
        """By the options `repository` and `apiUrl`, and the secret `token`. Raises `ConfigurationError`."""
        repository, token = settings.option("repository"), settings.secret("token")
        if not _REPOSITORY.fullmatch(repository):
            raise ConfigurationError("repository is none: write OWNER/NAME")
        if not _TOKEN.fullmatch(token):
            raise ConfigurationError("token holds characters that no token has; is it the right variable or file?")
        api = Address.of(settings.option("apiUrl", GITHUB), "apiUrl").url.partition("?")[0].rstrip("/")
        return cls(repository, token, f"{api}/repos/{repository}")

    def webhook(self, path: str, *, what: str, rights: str, expected: Collection[int]) -> Webhook:
        """What posts to `path` of the repository. `what` is posted, and `rights` are what the token needs for that."""
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self._token}",
            "X-GitHub-Api-Version": API_VERSION,
        }
        repository = self._repository
        known: dict[int, str] = {
            HTTPStatus.UNAUTHORIZED: "the token is not valid, or has expired: give another one as the secret",
            HTTPStatus.FORBIDDEN: f"the token may not send {what} to {repository}: it needs {rights}",
            HTTPStatus.NOT_FOUND: f"there is no {repository}, or the token may not see it: it needs {rights}",
            HTTPStatus.UNPROCESSABLE_ENTITY: f"{repository} takes no {what} of this form; is it archived?",
        }
        return Webhook(
            Address.of(f"{self._root}/{path}", "apiUrl"),
            advice=lambda status: known.get(status, "is `apiUrl` that of GitHub's API?"),
            headers=headers,
            expected=expected,
        )
