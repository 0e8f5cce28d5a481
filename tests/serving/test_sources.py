"""`GET /v1/sources`: what became of the newest revision of each source."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.snapshot import Snapshot


def test_a_source_shows_its_revision_author_and_how_many_routemaps_came_from_it(api: Any, bench: Any) -> None:
    (known,) = bench.board.snapshot.sources
    bench.board.snapshot = replace(bench.board.snapshot, sources=(replace(known, author="Ada <a@example.org>"),))
    (source,) = api.get("/v1/sources").json["sources"]
    assert (source["name"], source["revision"], source["author"]) == ("git", "0123abc", "Ada <a@example.org>")
    assert source["routemaps"] == 3


@pytest.mark.parametrize(
    ("changes", "result"),
    [
        ({"problems": ()}, "applied"),
        ({"problems": (Problem("a.yaml", 1, 1, "bad"),)}, "problems"),
        ({"failing_since": 5.0, "message": "it is away"}, "failing"),
        ({"problems": (), "read_at": None}, "waiting"),
    ],
)
def test_the_result_says_whether_all_of_it_is_in_force(api: Any, bench: Any, changes: Any, result: str) -> None:
    (known,) = bench.board.snapshot.sources
    bench.board.snapshot = replace(bench.board.snapshot, sources=(replace(known, **changes),))
    assert api.get("/v1/sources").json["sources"][0]["result"] == result


def test_sources_are_shown_before_anything_was_published(api: Any, bench: Any) -> None:
    bench.board.snapshot = Snapshot()
    assert api.get("/v1/sources").json == {"sources": []}
