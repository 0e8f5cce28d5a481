"""The settings and environment under which Git runs: no prompts, no hooks, no helpers that run programs.

The person's own Git configuration stays in force (credential helpers, proxies, certificate authorities).
Settings are given with `-c`, secrets in the environment, because every user can see command lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from iter8_gitops.sources.git.urls import Credentials

_TRANSPORTS = ("file", "http", "https", "ssh")
_SSH = (
    "ssh -oBatchMode=yes -oConnectTimeout=10 -oServerAliveInterval=15 -oServerAliveCountMax=3 "
    # A shared connection would outlive the command and keep its output open.
    "-oControlMaster=no"
)
_USERNAME = "ITER8_GITOPS_GIT_USERNAME"
_PASSWORD = "ITER8_GITOPS_GIT_PASSWORD"  # noqa: S105 - the name of a variable
_HELPER = (
    f'!f() {{ if test "$1" = get; then printf "username=%s\\npassword=%s\\n" "${_USERNAME}" "${_PASSWORD}"; fi; }}; f'
)
UPLOAD_PACK = "git -c 'safe.directory=*' upload-pack"
"""Serves a local repository that belongs to another user, as one mounted into a container often does.

Git guards against such repositories because their configuration can run programs; upload-pack takes
nothing of that kind from it, and a person named this repository.
"""


def git_settings(credentials: Credentials | None) -> tuple[str, ...]:
    """Return the `-c` options for every command."""
    settings = [
        "core.hooksPath=/dev/null",
        "protocol.ext.allow=never",
        "gc.autoDetach=false",
        "gc.pruneExpire=1.hour.ago",
        "http.lowSpeedLimit=1000",
        "http.lowSpeedTime=30",
    ]
    if credentials is not None:
        # The empty value drops the person's helpers for this host: they would be told to store the secret.
        settings += [f"credential.{credentials.origin}.helper=", f"credential.{credentials.origin}.helper={_HELPER}"]
    return tuple(option for setting in settings for option in ("-c", setting))


def git_environment(repository: Path, credentials: Credentials | None, inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the variables to add to `inherited` for commands on the bare `repository`."""
    allowed = inherited.get("GIT_ALLOW_PROTOCOL")
    transports = [each for each in _TRANSPORTS if allowed is None or each in allowed.split(":")]
    environment = {
        # This process may itself run below Git, from a hook say, whose repository must not be meant.
        "GIT_DIR": str(repository),
        "GIT_OBJECT_DIRECTORY": str(repository / "objects"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": "",
        "GIT_NAMESPACE": "",
        "GIT_ALLOW_PROTOCOL": ":".join(transports),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": inherited.get("GIT_ASKPASS", ""),
        "SSH_ASKPASS_REQUIRE": "never",
        "GIT_NO_LAZY_FETCH": "1",
    }
    if credentials is not None:
        environment[_USERNAME] = credentials.username
        environment[_PASSWORD] = credentials.password
    return environment


def ssh_environment(inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that keep ssh from asking and from waiting for ever, unless `inherited` names an ssh."""
    if "GIT_SSH_COMMAND" in inherited or "GIT_SSH" in inherited:
        return {}
    return {"GIT_SSH_COMMAND": _SSH}
