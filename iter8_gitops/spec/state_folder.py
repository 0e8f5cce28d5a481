"""Where the processes of one machine keep what must survive them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class StateFolder:
    """The layout of `--state-dir`, shared by the controller, the HTTP workers and the gRPC server."""

    root: Path

    @property
    def board(self) -> Path:
        """The published snapshot."""
        return self.root / "board.db"

    @property
    def followed_board(self) -> Path:
        """The last snapshot of the server whose board is followed instead of one here."""
        return self.root / "followed-board.json"

    @property
    def metrics(self) -> Path:
        """Exposures and metric aggregates of the embedded store."""
        return self.root / "metrics.db"

    @property
    def load_tests(self) -> Path:
        """Results of load tests."""
        return self.root / "load-tests.db"

    @property
    def last_good(self) -> Path:
        """The last good decoding of every routemap."""
        return self.root / "last-good.db"

    @property
    def git(self) -> Path:
        """Bare mirrors of Git sources."""
        return self.root / "git"

    @property
    def routes(self) -> Path:
        """Routes that the manifests backend renders."""
        return self.root / "routes"

    @property
    def nudges(self) -> Path:
        """A file whose touch asks the controller to look at its Git sources at once."""
        return self.root / "nudges"

    @property
    def deliveries(self) -> Path:
        """Webhooks that were received, so that one that comes again is known."""
        return self.root / "deliveries"

    @property
    def prometheus(self) -> Path:
        """Counters that the HTTP workers and the gRPC server share for `/metrics`."""
        return self.root / "prometheus"

    @property
    def trends(self) -> Path:
        """How experiments went over time."""
        return self.root / "trends.db"

    @property
    def trends_lock(self) -> Path:
        """Held by the one process that records how experiments go."""
        return self.root / "trends.lock"
