from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from iter8_gitops.metrics.sqlite import SqliteMetricStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "metrics.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteMetricStore]:
    opened = SqliteMetricStore(path)
    yield opened
    opened.close()
