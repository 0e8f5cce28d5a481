"""The embedded metric store: `sqlite:` is the file of the state folder, `sqlite:PATH` another one."""

from __future__ import annotations

from pathlib import Path

from iter8_gitops.contracts.metric_store import MetricStore, MetricStoreRequest
from iter8_gitops.hooks import hookimpl
from iter8_gitops.metrics.sqlite import SqliteMetricStore


@hookimpl
def open_metric_store(request: MetricStoreRequest) -> MetricStore | None:
    """For URLs that begin with `sqlite:`."""
    scheme, _, path = request.url.partition(":")
    if scheme != "sqlite":
        return None
    return SqliteMetricStore(Path(path).expanduser().absolute() if path else request.embedded)
