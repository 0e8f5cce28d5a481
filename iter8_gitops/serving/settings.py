"""What the serving processes are told at start."""

from __future__ import annotations

from dataclasses import dataclass, field

from iter8_gitops.serving.webhooks import WebhookSecret
from iter8_gitops.spec.state_folder import StateFolder


@dataclass(frozen=True, slots=True)
class ServingSettings:
    """Where to listen, and where the state of this machine is. A port of 0 lets the system choose one.

    `shares_grpc_port` makes the gRPC server one of several on its port (see `serving.abn.ports`);
    `grpc_grace` is how many seconds its calls in progress get to finish when it stops.
    `metrics` says which metric store is used; see `MetricStoreRequest`. `webhook_secret` is what Git hosts prove.
    `board` is the server whose board is followed, by URL; None means the board in the state folder.
    `cors_origins` are the origins of web pages that may call the HTTP API; `("*",)` are all.
    """

    state: StateFolder
    host: str = "127.0.0.1"
    http_port: int = 8080
    grpc_port: int = 50051
    shares_grpc_port: bool = False
    grpc_grace: float = 5.0
    workers: int = 2
    metrics: str = "sqlite:"
    webhook_secret: WebhookSecret = field(default_factory=WebhookSecret)
    cors_origins: tuple[str, ...] = ()
    board: str | None = None
