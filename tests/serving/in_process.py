"""The use-cases and the HTTP application in the process of a test, on a board in memory and a real store."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any

from falcon.testing import Result, TestClient
from jsonschema import Draft202012Validator

from iter8_gitops.errors import UnavailableError
from iter8_gitops.metrics.sqlite import SqliteMetricStore
from iter8_gitops.metrics.trends import TrendStore
from iter8_gitops.serving.http.openapi import openapi_document
from iter8_gitops.serving.load_tests import LoadTests
from iter8_gitops.serving.telemetry import Telemetry
from iter8_gitops.serving.usecases import Experiments
from iter8_gitops.serving.webhooks import Webhooks
from iter8_gitops.spec.history import HistoryEntry
from iter8_gitops.spec.metric import Arm, Exposure, MetricValue
from iter8_gitops.spec.snapshot import (
    Snapshot,
)
from tests.serving.boards import NOW

WEBHOOK_SECRET = "shared with the host"


class BoardInMemory:
    """A board that a test can change under the application."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot


class HistoryInMemory:
    """What a test says happened, oldest first; ids count from 1."""

    def __init__(self) -> None:
        self.told: list[HistoryEntry] = []

    def entries(self, application: str, limit: int, before: int | None = None) -> tuple[HistoryEntry, ...]:
        numbered = [replace(entry, id=number) for number, entry in enumerate(self.told, 1)]
        found = [e for e in numbered if e.application == application and (before is None or e.id < before)]
        return tuple(reversed(found))[:limit]


class WriterAtOnce:
    """Stores in the calling thread, so that what was written is there when the call returns."""

    def __init__(self, store: SqliteMetricStore) -> None:
        self._store = store
        self.exposures: list[Exposure] = []
        self.values: list[MetricValue] = []
        self.broken = False
        self.waits = 0

    def expose(self, arm: Arm, user: str, experiment: int) -> None:
        self.expose_all([(arm, user, experiment)])

    def expose_all(self, given: Iterable[tuple[Arm, str, int]]) -> None:
        exposures = [Exposure(*fields) for fields in given]
        self.exposures.extend(exposures)
        self._store.record(exposures, [])

    def is_behind(self, count: int) -> bool:
        self.waits -= 1
        return self.waits >= 0

    def submit(self, values: Sequence[MetricValue], exposures: Sequence[Exposure] = ()) -> Future[None]:
        future: Future[None] = Future()
        if self.broken:
            future.set_exception(UnavailableError("the disk is full"))
            return future
        self.values.extend(values)
        self.exposures.extend(exposures)
        self._store.record(exposures, values)
        future.set_result(None)
        return future


@dataclass
class Bench:
    """The use-cases over a board in memory and a real store; `now` is what the clock says."""

    board: BoardInMemory
    store: SqliteMetricStore
    writer: WriterAtOnce
    telemetry: Telemetry
    webhooks: Webhooks
    load_tests: LoadTests
    trends: TrendStore
    history: HistoryInMemory = field(default_factory=HistoryInMemory)
    now: float = NOW
    experiments: Experiments = field(init=False)

    def __post_init__(self) -> None:
        self.experiments = Experiments(
            self.board, self.store, self.writer, self.telemetry, self.history, self.trends, lambda: self.now
        )


class CheckedClient:
    """Calls the application in process, and holds every answer against the OpenAPI document."""

    def __init__(self, client: TestClient) -> None:
        self._client = client
        self._document = openapi_document()

    def get(self, path: str, query: str = "") -> Result:
        return self.call("GET", path, query_string=query)

    def post(self, path: str, body: bytes | str, content_type: str | None = "application/json") -> Result:
        headers = {} if content_type is None else {"Content-Type": content_type}
        return self.call("POST", path, body=body, headers=headers)

    def call(self, method: str, path: str, **options: Any) -> Result:
        result = self._client.simulate_request(method, path, **options)
        self._check(method.lower(), path, result)
        return result

    def _check(self, method: str, path: str, result: Result) -> None:
        if result.status_code == 304:
            return
        schema: Mapping[str, Any] = {"$ref": "#/components/schemas/Error"}
        if not result.content:
            assert "content" not in self._document["paths"][path][method]["responses"][str(result.status_code)]
            return
        media_type = result.headers["content-type"].partition(";")[0]
        for template, operations in self._document["paths"].items():
            # A key may have slashes.
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template.replace("{key}", ".*")), path):
                # A refused method is described with the methods that there are.
                operation = operations.get(method) or next(iter(operations.values()))
                schema = operation["responses"][str(result.status_code)]["content"][media_type]["schema"]
        value = result.json if media_type == "application/json" else result.text
        root = {**schema, "components": self._document["components"]}
        Draft202012Validator(root, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)
