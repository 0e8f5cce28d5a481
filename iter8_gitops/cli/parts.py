"""`controller`, `serve` and `grpc`: the parts of `up`, each in a process (or container) of its own."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from iter8_gitops.cli.cluster_options import controller_cluster_options
from iter8_gitops.cli.options import (
    WEBHOOK_SECRET_VARIABLE,
    board_option,
    cors_origins_option,
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


@click.command(short_help="Reconcile routemaps and publish them to the board.")
@location_argument
@state_dir_option(required=True)
@source_options
@git_access_options
@controller_cluster_options
@metrics_store_option
def controller(location: str | None, state_dir: Path, **options: Any) -> None:
    """Reconcile the routemaps of PATH|URL and publish their state to the board in the state directory.

    One controller per state directory. `serve` and `grpc` answer from what it publishes, also while
    it is away. With --cluster kubernetes, resources are those of a real cluster, routemaps may also be its
    ConfigMaps (then PATH|URL can be left out), and routes are applied to it by the replica that holds the Lease.

    \b
    Examples:
      iter8-gitops controller --state-dir /var/lib/iter8 https://github.com/you/routemaps --branch main
      iter8-gitops controller --state-dir /var/lib/iter8 ./routemaps --cluster manifests:./live
      iter8-gitops controller --state-dir /var/lib/iter8 --cluster kubernetes --scope namespace
    """
    from iter8_gitops.cli.settings import controller_settings
    from iter8_gitops.promotion.policies import PolicyPromoter
    from iter8_gitops.runtime.processes import prepare_process
    from iter8_gitops.runtime.wiring import run_controller

    prepare_process("controller")
    run_controller(controller_settings(location, state_dir, options), PolicyPromoter)


@click.command(short_help="Answer lookups and take metrics over HTTP.")
@state_dir_option(required=True)
@board_option
@host_option
@port_option
@workers_option
@metrics_store_option
@webhook_secret_option
@cors_origins_option
def serve(
    state_dir: Path,
    board: str | None,
    host: str,
    port: int,
    workers: int,
    metrics_store: str,
    webhook_secret_file: Path | None,
    cors_origins: str,
) -> None:
    """Serve the HTTP API from the board in the state directory, or from another server's, with gunicorn.

    \b
    Examples:
      iter8-gitops serve --state-dir /var/lib/iter8 --host 0.0.0.0 --port 8080 --workers 4
      iter8-gitops serve --state-dir /var/lib/iter8 --board http://controller:8080 --metrics-store redis://redis
    """
    from iter8_gitops.runtime.processes import prepare_process
    from iter8_gitops.serving.http.origins import origins_in
    from iter8_gitops.serving.server import serve_http
    from iter8_gitops.serving.settings import ServingSettings
    from iter8_gitops.serving.webhooks import WebhookSecret
    from iter8_gitops.spec.state_folder import StateFolder

    prepare_process("http")
    state = StateFolder(state_dir.absolute())
    secret = WebhookSecret(os.environ.pop(WEBHOOK_SECRET_VARIABLE, ""), webhook_secret_file)
    serve_http(
        ServingSettings(
            state,
            host=host,
            http_port=port,
            workers=workers,
            metrics=metrics_store,
            webhook_secret=secret,
            cors_origins=origins_in(cors_origins),
            board=board,
        )
    )


@click.command(short_help="Answer lookups and take metrics over gRPC, for Iter8 SDK clients.")
@state_dir_option(required=True)
@board_option
@host_option
@grpc_port_option
@grpc_workers_option
@metrics_store_option
def grpc(state_dir: Path, board: str | None, host: str, grpc_port: int, grpc_workers: int, metrics_store: str) -> None:
    """Serve the gRPC service `main.ABN` from the board in the state directory, or from another server's.

    With several workers, one that dies is started again.

    \b
    Example:
      iter8-gitops grpc --state-dir /var/lib/iter8 --host 0.0.0.0 --grpc-port 50051 --grpc-workers 2
    """
    from iter8_gitops.cli.grpc_workers import is_worker, run_workers
    from iter8_gitops.runtime.processes import prepare_process
    from iter8_gitops.serving.server import serve_grpc
    from iter8_gitops.serving.settings import ServingSettings
    from iter8_gitops.spec.state_folder import StateFolder

    prepare_process("grpc")
    state = StateFolder(state_dir.absolute())
    worker = is_worker()
    settings = ServingSettings(
        state, host=host, grpc_port=grpc_port, shares_grpc_port=worker, metrics=metrics_store, board=board
    )
    if grpc_workers > 1 and not worker:
        sys.exit(run_workers(settings, grpc_workers))
    serve_grpc(settings)
