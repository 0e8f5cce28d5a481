"""What a client is told when it is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from iter8_gitops.errors import ConfigurationError
from iter8_gitops.sdk.following import POLL_SECONDS
from iter8_gitops.sdk.transport import MAX_BYTES, Timeouts, Transport


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """The arguments of `Client`, which documents them."""

    url: str
    cache: Path | None = None
    report_to: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    ca_certs: str | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)
    streaming: bool = True
    poll_seconds: float = POLL_SECONDS
    flush_seconds: float = 1.0
    capacity: int = 100_000
    remembered: int = 200_000
    exit_seconds: float = 5.0
    max_bytes: int = MAX_BYTES

    def __post_init__(self) -> None:
        for name in ("poll_seconds", "flush_seconds", "exit_seconds"):
            if not 0 < getattr(self, name) < float("inf"):
                message = f"{name} must be a number of seconds above 0"
                raise ConfigurationError(message)
        for name in ("capacity", "remembered", "max_bytes"):
            if getattr(self, name) < 2:
                message = f"{name} must be 2 at least"
                raise ConfigurationError(message)

    @property
    def file(self) -> Path | None:
        """The file to follow; None when it is a server. Raises `ConfigurationError`."""
        if not self.url.startswith("file:"):
            return None
        parts = urlsplit(self.url)
        if parts.netloc not in {"", "localhost"} or not parts.path:
            message = (
                f"'{self.url[:200]}' is not the address of a file on this machine, such as file:/var/lib/board.json"
            )
            raise ConfigurationError(message)
        return Path(unquote(parts.path))

    def transport(self) -> Transport:
        """A new transport to the server that is followed."""
        return self._to(self.url)

    def reporting_transport(self) -> Transport | None:
        """A new transport to where exposures and values go; None when nobody takes them."""
        url = self.report_to or (None if self.file is not None else self.url)
        return None if url is None else self._to(url)

    def _to(self, url: str) -> Transport:
        return Transport(url, self.headers, self.timeouts, self.ca_certs, self.max_bytes)
