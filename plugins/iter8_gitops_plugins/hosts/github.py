"""GitHub: github.com, GitHub Enterprise Cloud with data residency, and GitHub Enterprise Server.

https://docs.github.com/en/rest/pulls/pulls
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from iter8_gitops.contracts.git_host import GitHostRequest, PullRequest, PullRequestDraft
from iter8_gitops_plugins.hosts.api import Api, Reply
from iter8_gitops_plugins.hosts.proposing import ProposingHost, owner_and_name

_API_VERSION = "2022-11-28"


class Github(ProposingHost):
    """A repository at GitHub."""

    name = "GitHub"
    rights = "`Pull requests: write` (a fine-grained token or an app), or the scope `repo` (a classic token)"

    def __init__(self, request: GitHostRequest) -> None:
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": _API_VERSION}
        super().__init__(request, Api(_api(request), request.token, f"Bearer {request.token}", headers))
        self._owner, name = owner_and_name(request, self.name)
        self._path = f"/repos/{quote(self._owner)}/{quote(name)}/pulls"

    @staticmethod
    def is_at(host: str) -> bool:
        """Whether a host is called as one of GitHub's is."""
        return host == "github.com" or host.endswith(".ghe.com") or host.startswith("github.")

    def _open_ones(self, branch: str) -> Iterator[PullRequest]:
        found = self._listed(self._api.get(self._path, {"state": "open", "head": f"{self._owner}:{branch}"}))
        for entry in found:
            # An unknown filter is ignored, and then everything is listed.
            if isinstance(head := entry.get("head"), dict) and head.get("ref") == branch:
                yield self._read(entry)

    def _post(self, draft: PullRequestDraft) -> Reply:
        document = {"title": draft.title, "body": draft.body, "head": draft.branch, "base": draft.base}
        return self._api.post(self._path, document)

    def _read(self, data: Any) -> PullRequest:
        return self._pull_request(data, "html_url", "number")


def _api(request: GitHostRequest) -> str:
    if request.host == "github.com" or request.host.endswith(".ghe.com"):
        return f"https://api.{request.host}"
    return f"{request.server}/api/v3"
