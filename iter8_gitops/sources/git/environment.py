"""The settings and environment under which Git runs: no prompts, no hooks, no helpers that run programs.

The person's own Git configuration stays in force (credential helpers, proxies, certificate authorities).
Settings are given with `-c`, which every user of the machine can see; secrets travel elsewhere, see `logins`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

_TRANSPORTS = ("file", "http", "https", "ssh")
_SECRETS = ("ITER8_GIT_TOKEN", "ITER8_GIT_PASSWORD")
"""Variables in which this process may have been given a secret; Git's processes have no use for them."""
UPLOAD_PACK = "git -c 'safe.directory=*' upload-pack"
"""Serves a local repository that belongs to another user, as one mounted into a container often does.

Git guards against such repositories because their configuration can run programs; upload-pack takes
nothing of that kind from it, and a person named this repository.
"""


def git_settings() -> tuple[str, ...]:
    """Return the settings for every command."""
    return (
        "core.hooksPath=/dev/null",
        "protocol.ext.allow=never",
        "gc.autoDetach=false",
        "gc.pruneExpire=1.hour.ago",
        "http.lowSpeedLimit=1000",
        "http.lowSpeedTime=30",
    )


def git_environment(repository: Path, inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the variables to add to `inherited` for commands on the bare `repository`."""
    allowed = inherited.get("GIT_ALLOW_PROTOCOL")
    transports = [each for each in _TRANSPORTS if allowed is None or each in allowed.split(":")]
    return {
        **dict.fromkeys((name for name in _SECRETS if name in inherited), ""),
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
        "GIT_NO_REPLACE_OBJECTS": "1",
    }
