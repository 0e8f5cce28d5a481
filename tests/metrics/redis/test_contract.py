"""The Redis store keeps the contract of metric stores, on one server and on a cluster."""

from __future__ import annotations

from pathlib import Path
from secrets import token_hex

import pytest
from iter8_gitops_plugins.backends import redis

from iter8_gitops.contracts.metric_store import MetricStoreRequest
from iter8_gitops.testing import MetricStoreContract


class TestRedis(MetricStoreContract):
    plugin = redis

    @pytest.fixture
    def store_request(self, store_url: str, tmp_path: Path) -> MetricStoreRequest:
        return MetricStoreRequest(store_url, tmp_path / "unused.db")


class TestRedisCluster(MetricStoreContract):
    plugin = redis

    @pytest.fixture
    def store_request(self, cluster_url: str, tmp_path: Path) -> MetricStoreRequest:
        return MetricStoreRequest(f"{cluster_url}?prefix={token_hex(4)}", tmp_path / "unused.db")
