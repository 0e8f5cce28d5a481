"""`up`: everything on one machine, with embedded defaults."""

from __future__ import annotations

import signal
import socket
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from iter8_gitops.cli.cluster_options import controller_cluster_options
from iter8_gitops.cli.options import (
    LOCATION_VARIABLE,
    METRICS_STORE_VARIABLE,
    cors_origins_option,
    default_state_dir,
    git_access_options,
    grpc_port_option,
    grpc_workers_option,
    host_option,
    location_argument,
    metrics_store_option,
    port_option,
    source_options,
    state_dir_option,
    webhook_secret_option,
    workers_option,
)
from iter8_gitops.errors import ConfigurationError, Iter8Error

if TYPE_CHECKING:
    from iter8_gitops.runtime.supervisor import Part


@click.command(short_help="Run everything on this machine; Ctrl-C stops it.")
@location_argument
@state_dir_option(required=False)
@source_options
@git_access_options
@controller_cluster_options
@host_option
@port_option
@grpc_port_option
@workers_option
@grpc_workers_option
@metrics_store_option
@webhook_secret_option
@cors_origins_option
def up(
    location: str | None,
    state_dir: Path | None,
    host: str,
    port: int,
    grpc_port: int,
    workers: int,
    grpc_workers: int,
    metrics_store: str,
    webhook_secret_file: Path | None,
    cors_origins: str,
    **options: Any,
) -> None:
    """Serve the routemaps of PATH|URL: a Git repository (local or remote) or a directory of YAML files.

    Runs the controller, the HTTP API and the gRPC service, starts each again if it dies, and stops
    them together on Ctrl-C. State survives a restart in the state directory. With --cluster kubernetes,
    resources are those of a real cluster, and its ConfigMaps are read as well.

    \b
    Examples:
      iter8-gitops up examples
      iter8-gitops up https://github.com/you/routemaps --branch main --path production
      iter8-gitops up ./routemaps --cluster manifests:./live --port 9090
      iter8-gitops up --cluster kubernetes --context kind-dev
    """
    from iter8_gitops.cli.settings import controller_settings
    from iter8_gitops.runtime.processes import prepare_process
    from iter8_gitops.runtime.supervisor import Supervisor
    from iter8_gitops.runtime.wiring import check_settings
    from iter8_gitops.serving.http.origins import origins_in

    prepare_process("up")
    state = (state_dir or default_state_dir(location or _cluster_address(options))).absolute()
    # The parts would say the same, one after the other; it is kinder to refuse before anything starts.
    check_settings(controller_settings(location, state, options))
    if port == grpc_port:
        message = f"--port and --grpc-port are both {port}; give each its own"
        raise ConfigurationError(message)
    origins_in(cors_origins)
    for wanted in (port, grpc_port):
        _require_free(host, wanted)
    secret = webhook_secret_file.absolute() if webhook_secret_file else None
    web = {"port": port, "workers": workers, "webhook_secret_file": secret, "cors_origins": cors_origins}
    abn = {"grpc_port": grpc_port, "grpc_workers": grpc_workers}
    supervisor = Supervisor(_parts(location, state, options, host, web, abn, metrics_store))
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    announcer = threading.Thread(target=_announce, args=(state, host, port, grpc_port, stop), daemon=True)
    announcer.start()
    code = supervisor.run(stop.is_set)
    stop.set()
    if code == 0:
        click.echo("stopped")
    sys.exit(code)


def _cluster_address(options: Mapping[str, Any]) -> str:
    """Where the real cluster is: the state of one must not be taken for that of another."""
    if options["cluster"] != "kubernetes":
        return ""
    from iter8_gitops.cli.settings import cluster_access
    from iter8_gitops.kube.client import KubeClient

    access = cluster_access(options)
    client = KubeClient.connect(kubeconfig=access.kubeconfig, context=access.context)
    client.close()
    return client.server


def _require_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            message = (
                f"cannot listen on {host}:{port}: {error.strerror}; choose another with --port, --grpc-port or --host"
            )
            raise ConfigurationError(message) from error


def _parts(
    location: str | None,
    state: Path,
    options: dict[str, Any],
    host: str,
    web: Mapping[str, object],
    abn: Mapping[str, object],
    metrics_store: str,
) -> list[Part]:
    from iter8_gitops.cli.settings import command_words
    from iter8_gitops.runtime.supervisor import Part

    def command(name: str, **given: object) -> tuple[str, ...]:
        words = command_words({"state_dir": state, **given})
        return (sys.executable, "-m", "iter8_gitops", name, *words)

    # By the environment, because a URL may hold a password, and command lines are there for all to see.
    measured = {METRICS_STORE_VARIABLE: metrics_store}
    return [
        Part("controller", command("controller", **options), {LOCATION_VARIABLE: location or "", **measured}),
        Part("http", command("serve", host=host, **web), measured),
        Part("grpc", command("grpc", host=host, **abn), measured),
    ]


def _announce(state: Path, host: str, port: int, grpc_port: int, stop: threading.Event) -> None:
    """Say what is served where, as soon as there is an answer."""
    from iter8_gitops.cli.client import get_json

    reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 (compared, not bound)
    server = f"http://{reachable}:{port}"
    while not stop.wait(0.2):
        try:
            get_json(server, "/readyz")
            routemaps = get_json(server, "/v1/routemaps")["routemaps"]
        except Iter8Error:
            continue
        names = ", ".join(routemap["application"] for routemap in routemaps[:5]) or "none yet"
        more = f" and {len(routemaps) - 5} more" if len(routemaps) > 5 else ""
        click.echo(
            f"\niter8-gitops is up (Ctrl-C stops it)\n"
            f"  routemaps  {names}{more}\n"
            f"  pages      {server}\n"
            f"  HTTP       {server}  (API: {server}/openapi.json)\n"
            f"  gRPC       {reachable}:{grpc_port}\n"
            f"  state      {state}\n"
        )
        if routemaps:
            query = f"application={routemaps[0]['application']}&user=alice"
            click.echo(f"Try:  curl '{server}/v1/lookup?{query}'\n      iter8-gitops get routemaps --server {server}\n")
        return
