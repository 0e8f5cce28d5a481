"""What the hosts have in common: finding first, opening then, and saying what to do when they refuse."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from iter8_gitops.contracts.git_host import GitHostRequest, PullRequest, PullRequestDraft
from iter8_gitops.errors import ConfigurationError, UnavailableError
from iter8_gitops_plugins.hosts.api import Api, Reply

_EXISTS = frozenset({HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY})
_MAY_SEE = "or the token may not see it"


class ProposingHost(ABC):
    """Implements `GitHost` for one repository. `rights` is what a token needs, in the words of the host."""

    name = ""
    rights = ""

    def __init__(self, request: GitHostRequest, api: Api) -> None:
        self._repository = request.repository
        self._api = api

    def find_pull_request(self, branch: str) -> PullRequest | None:
        """See `GitHost.find_pull_request`."""
        return next(self._open_ones(branch), None)

    def open_pull_request(self, draft: PullRequestDraft) -> PullRequest:
        """See `GitHost.open_pull_request`."""
        found = self.find_pull_request(draft.branch)
        if found is not None:
            return found
        reply = self._post(draft)
        if reply.status in _EXISTS and (found := self.find_pull_request(draft.branch)) is not None:
            return found
        return self._read(self._checked(reply))

    @abstractmethod
    def _open_ones(self, branch: str) -> Iterator[PullRequest]:
        """Those that are open for `branch`."""

    @abstractmethod
    def _post(self, draft: PullRequestDraft) -> Reply:
        """Ask for a new one."""

    @abstractmethod
    def _read(self, data: Any) -> PullRequest:
        """One of the answers."""

    def _checked(self, reply: Reply) -> Any:
        """What the host answered. Raises `ConfigurationError` when it refuses."""
        if reply.is_success and reply.data is not None:
            return reply.data
        where = f"{self._api.origin} ({self.name})"
        if reply.is_success:
            message = f"{where} answers with something else than JSON; is it {self.name} at all?"
            raise UnavailableError(message)
        said = self._api.without_token("; ".join(_texts(reply.data)))
        advice = self._advice(reply.status)
        message = f"{where} answers {reply.status}{f', {advice}' if advice else ''}{f' ({said})' if said else ''}"
        raise ConfigurationError(message)

    def _listed(self, reply: Reply) -> list[Mapping[str, Any]]:
        data = self._checked(reply)
        if not isinstance(data, list):
            raise self._no_pull_request()
        return [entry for entry in data if isinstance(entry, dict)]

    def _pull_request(self, data: Any, url: str, number: str) -> PullRequest:
        found = (data.get(url), data.get(number)) if isinstance(data, dict) else (None, None)
        if not (
            isinstance(found[0], str) and found[0].startswith(("https://", "http://")) and isinstance(found[1], int)
        ):
            raise self._no_pull_request()
        return PullRequest(self._api.without_token(found[0]), found[1])

    def _no_pull_request(self) -> UnavailableError:
        message = f"{self._api.origin} answers with something that is no pull request of {self.name}"
        return UnavailableError(message)

    def _advice(self, status: int) -> str:
        match status:
            case HTTPStatus.UNAUTHORIZED:
                return "so the token is not valid, or has expired"
            case HTTPStatus.FORBIDDEN:
                return f"so the token may not do this: it needs {self.rights}"
            case HTTPStatus.NOT_FOUND:
                return f"so there is no repository {self._repository}, {_MAY_SEE}: it needs {self.rights}"
            case _:
                return ""


def owner_and_name(request: GitHostRequest, name: str) -> tuple[str, str]:
    """The two parts of a repository's path. Raises `ConfigurationError`."""
    owner, _, repository = request.repository.partition("/")
    if not owner or not repository or "/" in repository:
        message = f"{request.repository} is no repository of {name}, which are called OWNER/NAME"
        raise ConfigurationError(message)
    return owner, repository


def _texts(data: Any) -> Iterator[str]:
    """What an error says, wherever the hosts put it."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, list):
        for entry in data:
            yield from _texts(entry)
    elif isinstance(data, dict):
        for key in ("message", "error", "error_description", "errors", "base"):
            yield from _texts(data.get(key))
