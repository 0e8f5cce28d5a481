"""Hosts of Git repositories on which a promotion can be proposed: GitHub, GitLab, and Gitea with its kin."""

from __future__ import annotations

from iter8_gitops.contracts.git_host import GitHost, GitHostRequest
from iter8_gitops.hooks import hookimpl
from iter8_gitops_plugins.hosts.gitea import Gitea
from iter8_gitops_plugins.hosts.github import Github
from iter8_gitops_plugins.hosts.gitlab import Gitlab

__all__ = ["open_git_host"]

_TYPES: dict[str, type[Github | Gitlab | Gitea]] = {
    "github": Github,
    "gitlab": Gitlab,
    "gitea": Gitea,
    "forgejo": Gitea,
}


@hookimpl
def open_git_host(request: GitHostRequest) -> GitHost | None:
    """For the types `github`, `gitlab`, `gitea` and `forgejo`; without a type, for hosts that are called like them."""
    if request.type:
        kind = _TYPES.get(request.type)
        return kind(request) if kind else None
    for kind in (Github, Gitlab, Gitea):
        if kind.is_at(request.host):
            return kind(request)
    return None
