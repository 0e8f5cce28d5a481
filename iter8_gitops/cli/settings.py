"""From options to what they ask of a controller, and back to the words of another command line."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from iter8_gitops.contracts.cluster import ClusterAccess
from iter8_gitops.contracts.source import Credentials, Verification
from iter8_gitops.runtime.settings import ControllerSettings
from iter8_gitops.spec.state_folder import StateFolder


def controller_settings(location: str | None, state: Path, options: Mapping[str, Any]) -> ControllerSettings:
    """The settings that the options of `controller` and `up` stand for (`options` by parameter name)."""
    return ControllerSettings(
        location=location,
        state=StateFolder(state.absolute()),
        branch=options["branch"],
        subpath=options["subpath"],
        interval=options["interval"],
        namespace=options["namespace"],
        cluster=options["cluster"],
        routes=options["routes_dir"],
        config=options["config"],
        metrics=options.get("metrics_store", "sqlite:"),
        access=cluster_access(options),
        credentials=credentials_of(options),
        verification=verification_of(options),
    )


def credentials_of(options: Mapping[str, Any]) -> Credentials | None:
    """What proves to a Git server who asks; None when nothing is given."""
    password = os.environ.get("ITER8_GIT_TOKEN") or os.environ.get("ITER8_GIT_PASSWORD") or ""
    given = Credentials(
        username=options["git_username"] or "",
        password="" if options["git_password_file"] else password,
        password_file=_absolute(options["git_password_file"]),
        ssh_key=_absolute(options["ssh_key"]),
        known_hosts=_absolute(options["known_hosts"]),
    )
    return None if given == Credentials() else given


def verification_of(options: Mapping[str, Any]) -> Verification | None:
    """Who must have signed a commit; None when anybody may."""
    signers, keys = _absolute(options["verify_ssh_signers"]), _absolute(options["verify_gpg_keys"])
    return Verification(signers, keys) if signers or keys else None


def _absolute(path: Path | None) -> Path | None:
    return path.expanduser().absolute() if path is not None else None


def cluster_access(options: Mapping[str, Any]) -> ClusterAccess:
    """How a real cluster is meant to be reached and used."""
    kubeconfig = options["kubeconfig"]
    return ClusterAccess(
        kubeconfig=str(kubeconfig) if kubeconfig else None,
        context=options["context"],
        instance=options["instance"],
        scope=options["scope"],
        configmaps=options["configmaps"],
        leader_elect=options["leader_elect"],
        lease_namespace=options["lease_namespace"],
        lease_seconds=options["lease_seconds"],
        finalizers=options["finalizers"],
        drain=options["drain"],
    )


def command_words(options: Mapping[str, object]) -> list[str]:
    """The words that give `options` (by parameter name) to another command of ours."""
    words: list[str] = []
    for name, value in options.items():
        option = {"subpath": "path"}.get(name, name).replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{option}" if value else f"--no-{option}")
        elif value is not None and value != "":
            words.append(f"--{option}={value}")
    return words
