"""The metric store of many machines: `redis://`, `rediss://`, `redis+cluster://` and `rediss+cluster://`."""

from __future__ import annotations

from importlib.util import find_spec

from iter8_gitops.contracts.metric_store import MetricStore, MetricStoreRequest
from iter8_gitops.errors import ConfigurationError
from iter8_gitops.hooks import hookimpl

_SCHEMES = ("redis", "rediss", "redis+cluster", "rediss+cluster")


@hookimpl
def open_metric_store(request: MetricStoreRequest) -> MetricStore | None:
    """For URLs of Redis and Valkey. The client is imported only then."""
    scheme, separator, _ = request.url.partition("://")
    if not separator or scheme not in _SCHEMES:
        return None
    if find_spec("redis") is None:
        raise ConfigurationError(
            "a metric store on Redis or Valkey needs its client: pip install 'iter8-gitops[redis]'"
        )
    from iter8_gitops.metrics.redis.store import RedisMetricStore
    from iter8_gitops.metrics.redis.urls import parse

    options = parse(request.url)
    if options.password is not None:
        options.password.read()  # So that one that is not there is told at the start.
    return RedisMetricStore(options)
