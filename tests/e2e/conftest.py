"""Systems and repositories that end with their test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.system import Repository, System


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    repository = Repository(tmp_path / "repository")
    yield repository
    repository.close()


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Callable[..., System]]:
    """Start `iter8-gitops up` on a location; `state` names its state folder."""
    started: list[System] = []

    def up(location: str | Path | None, *options: str, state: str = "state") -> System:
        started.append(System(location, tmp_path / state, *options))
        return started[-1].ready()

    yield up
    for system in started:
        if system.process.poll() is None:
            system.stop()
        system.http.close()
