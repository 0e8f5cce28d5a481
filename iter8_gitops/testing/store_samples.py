"""What the suites for metric stores share: how a store is opened, and how its reports are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import TypeAlias

import pytest

from iter8_gitops.contracts.metric_store import MetricStore, MetricStoreRequest
from iter8_gitops.spec.metric import VersionMetric
from iter8_gitops.testing.checks import check, missing_fixture, same
from iter8_gitops.testing.plugin import PluginContract
from iter8_gitops.testing.streams import APPLICATION

OpenStore: TypeAlias = Callable[[], MetricStore]

CURRENT: Mapping[int, str] = {0: "sig"}
"""The signatures of an application whose only version has settled."""

NAMES = (
    "a:b", "::", "'; DROP TABLE user; --", '"', "%_", "*", "{keys}", "użytkownik", "🧪", "a\nb", "\x00", " ",
    "x" * 10_000,
)  # fmt: skip
"""Texts that some language or other gives a meaning to."""


class StoreSamples(PluginContract):
    """A store that is empty when a test begins, and that may be opened several times."""

    @pytest.fixture
    def store_request(self) -> MetricStoreRequest:
        """What opens a store that nobody else uses."""
        missing_fixture(self, "store_request", "a MetricStoreRequest")

    @pytest.fixture
    def open_store(self, store_request: MetricStoreRequest) -> Iterator[OpenStore]:
        """Opens the store, each time anew, as another process would."""
        with ExitStack() as stack:

            def open_store() -> MetricStore:
                store = self.plugins().open_metric_store(store_request)
                stack.callback(store.close)
                return store

            yield open_store

    @pytest.fixture
    def store(self, open_store: OpenStore) -> MetricStore:
        """The store, opened once."""
        return open_store()


def reported(
    store: MetricStore, signatures: Mapping[int, str] = CURRENT, application: str = APPLICATION, name: str = "sales"
) -> tuple[VersionMetric, ...]:
    """The versions that have data of one metric."""
    return store.report(application, signatures).get(name, ())


def only(store: MetricStore, signatures: Mapping[int, str] = CURRENT, application: str = APPLICATION) -> VersionMetric:
    """The one version that has data of the metric `sales`."""
    versions = reported(store, signatures, application)
    check(len(versions) == 1, f"one version should have data, but {len(versions)} have: {versions!r:.500}")
    return versions[0]


def same_exposed(
    store: MetricStore, expected: Mapping[int, int], signatures: Mapping[int, str], application: str = APPLICATION
) -> None:
    """Fail the running test unless this many users are exposed to each version."""
    same(dict(store.exposed_users(application, signatures)), dict(expected), "the numbers of exposed users")
