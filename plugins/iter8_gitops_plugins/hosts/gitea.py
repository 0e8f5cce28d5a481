"""Gitea, and Forgejo (Codeberg), which has the same API.

https://docs.gitea.com/api/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from iter8_gitops.contracts.git_host import GitHostRequest, PullRequest, PullRequestDraft
from iter8_gitops_plugins.hosts.api import Api, Reply
from iter8_gitops_plugins.hosts.proposing import ProposingHost, owner_and_name

_PAGE = 50
_MOST_PAGES = 20


class Gitea(ProposingHost):
    """A repository at Gitea or Forgejo."""

    name = "Gitea"
    rights = "`repository: Read and Write` and `issue: Read and Write`"

    def __init__(self, request: GitHostRequest) -> None:
        super().__init__(request, Api(f"{request.server}/api/v1", request.token, f"token {request.token}"))
        owner, name = owner_and_name(request, self.name)
        self._path = f"/repos/{quote(owner)}/{quote(name)}/pulls"

    @staticmethod
    def is_at(host: str) -> bool:
        """Whether a host is called as one of Gitea or Forgejo is."""
        return host == "codeberg.org" or "gitea" in host or "forgejo" in host

    def _open_ones(self, branch: str) -> Iterator[PullRequest]:
        """Gitea does not filter by branch, so the newest thousand are looked through."""
        for page in range(1, _MOST_PAGES + 1):
            found = self._listed(self._api.get(self._path, {"state": "open", "page": page, "limit": _PAGE}))
            for entry in found:
                head, base = entry.get("head"), entry.get("base")
                if not isinstance(head, dict) or not isinstance(base, dict):
                    raise self._no_pull_request()
                if head.get("ref") == branch and head.get("repo_id") == base.get("repo_id"):
                    yield self._read(entry)
            if not found:
                return

    def _post(self, draft: PullRequestDraft) -> Reply:
        document = {"title": draft.title, "body": draft.body, "head": draft.branch, "base": draft.base}
        return self._api.post(self._path, document)

    def _read(self, data: Any) -> PullRequest:
        return self._pull_request(data, "html_url", "number")
