"""Finds the API server and the credentials for it, with the official client's loaders.

Searched in the order of kubectl: a file that was named, the files in `KUBECONFIG`, `~/.kube/config`, the pod that
this process runs in.
"""

from __future__ import annotations

import os
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from kubernetes.client import Configuration
from kubernetes.config import ConfigException, load_incluster_config
from kubernetes.config.incluster_config import SERVICE_HOST_ENV_NAME, SERVICE_TOKEN_FILENAME
from kubernetes.config.kube_config import KubeConfigLoader, KubeConfigMerger

from iter8_gitops.errors import ConfigurationError

_DEFAULT_FILE = "~/.kube/config"
_BROKEN = (ConfigException, yaml.YAMLError, OSError, AttributeError, KeyError, TypeError, ValueError)
"""What the official loaders raise for files that are not what they expect."""


@dataclass(frozen=True, slots=True)
class Access:
    """A server with the credentials for it. `context` is "" in a pod; `namespace` is never empty."""

    configuration: Configuration
    context: str
    namespace: str


def find_access(kubeconfig: str | None, context: str | None, environment: Mapping[str, str] = os.environ) -> Access:
    """Load the configuration of a file, or the one that is found. Raises ConfigurationError, which names the file.

    Asks no API server, but runs a credential plugin if the file names one.
    """
    files = kubeconfig or environment.get("KUBECONFIG") or ""
    if not files and Path(_DEFAULT_FILE).expanduser().exists():
        files = _DEFAULT_FILE
    if files:
        return _from_files(files, context)
    if context:
        message = f"there is no kubeconfig file to find the context {context!r} in"
        raise ConfigurationError(message)
    if environment.get(SERVICE_HOST_ENV_NAME):
        return _from_pod()
    message = (
        "no Kubernetes cluster is configured: no kubeconfig file was named,"
        f" {_DEFAULT_FILE} does not exist, and this is no pod"
    )
    raise ConfigurationError(message)


def _from_files(files: str, context: str | None) -> Access:
    if not any(Path(file).expanduser().exists() for file in files.split(os.pathsep) if file):
        message = f"kubeconfig {files}: no such file"
        raise ConfigurationError(message)
    configuration = Configuration(host="")
    try:
        merger = KubeConfigMerger(files)  # type: ignore[no-untyped-call]
        loader = KubeConfigLoader(  # type: ignore[no-untyped-call]
            merger.config, active_context=context, config_base_path=None, config_persister=merger.save_changes
        )
        loader.load_and_set(configuration)  # type: ignore[no-untyped-call]
        active = loader.current_context
        name, namespace = str(active["name"]), str(active["context"].get("namespace") or "default")
    except _BROKEN as error:
        message = f"kubeconfig {files}: {_one_line(error)}"
        raise ConfigurationError(message) from error
    _check(configuration, f"kubeconfig {files}, context {name}")
    return Access(configuration, name, namespace)


def _from_pod() -> Access:
    configuration = Configuration(host="")
    folder = Path(SERVICE_TOKEN_FILENAME).parent
    try:
        load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        namespace_file = folder / "namespace"
        namespace = namespace_file.read_text().strip() if namespace_file.exists() else ""
    except _BROKEN as error:
        message = f"service account in {folder}: {_one_line(error)}"
        raise ConfigurationError(message) from error
    _check(configuration, "the environment of the pod")
    return Access(configuration, "", namespace or "default")


def _check(configuration: Configuration, where: str) -> None:
    """See to what the official loaders take as it is: no address, and proxies for this machine itself."""
    address = urlsplit(configuration.host)
    if address.scheme not in ("http", "https") or not address.hostname:
        message = f"{where}: the server {configuration.host!r} is not an http or https address"
        raise ConfigurationError(message)
    if configuration.proxy in urllib.request.getproxies().values() and _is_local(address.hostname):
        # As kubectl: a proxy for the way out, found in the environment, does not lead back to this machine.
        configuration.proxy = None


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
