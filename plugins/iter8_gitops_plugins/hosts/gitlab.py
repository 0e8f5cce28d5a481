"""GitLab: gitlab.com, and one's own.

https://docs.gitlab.com/api/merge_requests/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from iter8_gitops.contracts.git_host import GitHostRequest, PullRequest, PullRequestDraft
from iter8_gitops_plugins.hosts.api import Api, Reply
from iter8_gitops_plugins.hosts.proposing import ProposingHost


class Gitlab(ProposingHost):
    """A project at GitLab, in groups of any depth."""

    name = "GitLab"
    rights = "the scope `api`, and at least the role Developer"

    def __init__(self, request: GitHostRequest) -> None:
        super().__init__(request, Api(f"{request.server}/api/v4", request.token, f"Bearer {request.token}"))
        self._path = f"/projects/{quote(request.repository, safe='')}/merge_requests"

    @staticmethod
    def is_at(host: str) -> bool:
        """Whether a host is called as one of GitLab is."""
        return "gitlab" in host

    def _open_ones(self, branch: str) -> Iterator[PullRequest]:
        for entry in self._listed(self._api.get(self._path, {"state": "opened", "source_branch": branch})):
            is_from_here = entry.get("source_project_id") == entry.get("target_project_id")
            if entry.get("source_branch") == branch and is_from_here:
                yield self._read(entry)

    def _post(self, draft: PullRequestDraft) -> Reply:
        document = {
            "title": draft.title,
            "description": draft.body,
            "source_branch": draft.branch,
            "target_branch": draft.base,
            "remove_source_branch": True,
        }
        return self._api.post(self._path, document)

    def _read(self, data: Any) -> PullRequest:
        return self._pull_request(data, "web_url", "iid")
