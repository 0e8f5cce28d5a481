"""The client library: lookups evaluated in the process, from a copy of the board that is kept up to date.

It imports nothing of the server, and no framework: see `docs/sdk.md`.
"""

from iter8_gitops.core.cohorts import Recommendation
from iter8_gitops.core.targeting import Reason
from iter8_gitops.errors import (
    ConfigurationError,
    InvalidArgumentError,
    Iter8Error,
    NotFoundError,
    UnavailableError,
)
from iter8_gitops.sdk.asynchronous import AsyncClient
from iter8_gitops.sdk.client import Client
from iter8_gitops.sdk.errors import ClientClosedError, OutboxFullError
from iter8_gitops.sdk.status import Status
from iter8_gitops.sdk.transport import Timeouts

__all__ = [
    "AsyncClient",
    "Client",
    "ClientClosedError",
    "ConfigurationError",
    "InvalidArgumentError",
    "Iter8Error",
    "NotFoundError",
    "OutboxFullError",
    "Reason",
    "Recommendation",
    "Status",
    "Timeouts",
    "UnavailableError",
]
