"""From the address that is pushed to, to the repository at a host. Pure."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from iter8_gitops.contracts.git_host import GitHostRequest
from iter8_gitops.errors import ConfigurationError
from iter8_gitops.sources.git.urls import parse_git_url

_SCP_LIKE = re.compile(r"(?:[^/@]+@)?(?P<host>[^/:@\[\]]+|\[[^/\]]+\]):(?P<path>.+)")
_ONLY_SSH = {"ssh.github.com": "github.com", "altssh.gitlab.com": "gitlab.com", "altssh.bitbucket.org": "bitbucket.org"}


def host_request(address: str, *, token: str, kind: str = "", server: str = "") -> GitHostRequest:
    """Which repository of which host is pushed to at `address`.

    `kind` and `server` are what a person named: the sort of host, and its web address. Raises `ConfigurationError`.
    """
    url = parse_git_url(address)
    if url.is_local:
        raise ConfigurationError("the remote is a folder of this machine, where nobody can review a pull request")
    found = _SCP_LIKE.fullmatch(url.address) if "://" not in url.address else None
    if found is not None:
        host, path = found["host"], found["path"]
    else:
        parts = urlsplit(url.address)
        host, path = parts.hostname or "", unquote(parts.path)
    host = _ONLY_SSH.get(host.lower(), host.lower())
    web = url.origin if url.is_http else f"https://{host}"
    if server:
        named = urlsplit(server)
        web, host = server.rstrip("/"), (named.hostname or "")
        # A host that lives below a path has that path in its repositories' addresses over HTTP.
        path = path.removeprefix(named.path.rstrip("/")) if url.is_http else path
    return GitHostRequest(kind, web, host, path.strip("/").removesuffix(".git"), token)
