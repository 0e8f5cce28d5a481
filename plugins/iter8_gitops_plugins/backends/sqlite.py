"""The embedded metric store: `sqlite:` is the file of the state folder, `sqlite:PATH` another one.

`?transactions=720h` after either says for how long a transaction counts only once.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl

from iter8_gitops.contracts.metric_store import KEPT_TRANSACTIONS, MetricStore, MetricStoreRequest
from iter8_gitops.errors import ConfigurationError
from iter8_gitops.hooks import hookimpl
from iter8_gitops.metrics.sqlite import SqliteMetricStore
from iter8_gitops.spec.durations import DURATION_HINT, parse_duration


@hookimpl
def open_metric_store(request: MetricStoreRequest) -> MetricStore | None:
    """For URLs that begin with `sqlite:`."""
    scheme, _, rest = request.url.partition(":")
    if scheme != "sqlite":
        return None
    path, _, query = rest.partition("?")
    file = Path(path).expanduser().absolute() if path else request.embedded
    return SqliteMetricStore(file, kept_transactions=_kept_transactions(query))


def _kept_transactions(query: str) -> float:
    kept = KEPT_TRANSACTIONS
    for name, text in parse_qsl(query, keep_blank_values=True):
        if name != "transactions":
            message = f"--metrics-store: '{name}' is not an option of sqlite:; the only one is transactions=DURATION"
            raise ConfigurationError(message)
        seconds = parse_duration(text)
        if not seconds:
            message = f"--metrics-store: transactions='{text}' must be a duration above 0; {DURATION_HINT}"
            raise ConfigurationError(message)
        kept = seconds
    return kept
