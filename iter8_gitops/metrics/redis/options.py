"""Everything about one store, as a URL says it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from iter8_gitops.contracts.metric_store import KEPT_TRANSACTIONS
from iter8_gitops.metrics.redis.passwords import Password


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Tls:
    """Which authorities are trusted (None for those of the system), and who we are."""

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None


@dataclass(frozen=True, slots=True)
class RedisOptions:
    """Everything about one store. Durations are in seconds.

    `timeout` bounds the wait for one answer, `connect_timeout` that for a connection, `wait_timeout` that for `wait`
    replicas. A transaction counts once for at least `kept_transactions`.
    """

    addresses: tuple[Address, ...]
    cluster: bool = False
    database: int = 0
    user: str = ""
    password: Password | None = field(default=None, repr=False)
    tls: Tls | None = None
    prefix: str = "iter8"
    timeout: float = 5.0
    connect_timeout: float = 2.0
    wait: int = 0
    wait_timeout: float = 1.0
    kept_transactions: float = KEPT_TRANSACTIONS

    def __str__(self) -> str:
        """The store for people: without user, password and options."""
        scheme = f"redis{'s' if self.tls else ''}{'+cluster' if self.cluster else ''}"
        return f"{scheme}://{','.join(map(str, self.addresses))}/{self.database or ''}".rstrip("/")
