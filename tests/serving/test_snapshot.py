"""`GET /v1/snapshot`: everything, what is new, or that nothing is."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from typing import Any

import pytest

from iter8_gitops.core.news import News
from iter8_gitops.core.wire import decode_news
from iter8_gitops.spec.snapshot import ChangeLog, Predecessor, Snapshot


@pytest.fixture(autouse=True)
def known_board(bench: Any) -> None:
    """The board has an identity, and a history of three publications."""
    log = ChangeLog(2, 7, {"prod/backend": 5, "default/shop-routemap": 7, "prod/gone": 6, "prod/cold": 3})
    bench.board.snapshot = replace(bench.board.snapshot, board="b1", log=log)


def test_everything_is_there_that_assigns_users(api: Any, bench: Any) -> None:
    answer = api.get("/v1/snapshot")

    news = decode_news(answer.content)
    assert (news.board, news.sequence, news.complete) == ("b1", 7, True)
    assert answer.json["applications"][0] == {
        "namespace": "prod",
        "name": "backend",
        "sequence": 5,
        "versions": [
            {"name": "v0", "weight": 90, "signature": "aaaa"},
            {"name": "v1", "weight": 10, "signature": "bbbb"},
        ],
        "epoch": 3,
        "source": "git",
    }
    for name, state in news.changed.items():
        told = bench.board.snapshot.routemaps[name]
        assert (state.weights, state.salt, state.epoch) == (told.weights, told.salt, told.epoch)
        assert [state.arm(version.index) for version in state.versions] == [
            told.arm(version.index) for version in told.versions
        ]


def test_a_server_that_follows_gets_all_of_it(api: Any, bench: Any) -> None:
    news = decode_news(api.get("/v1/snapshot", "detail=full").content, bench.board.snapshot.controller_at)

    assert news.after(Snapshot()) == bench.board.snapshot
    assert news.after(Snapshot()).log == bench.board.snapshot.log


def test_only_what_changed_and_went_since_is_told(api: Any) -> None:
    answer = api.get("/v1/snapshot", "since=5&board=b1").json

    assert (answer["complete"], answer["since"]) == (False, 5)
    assert [each["name"] for each in answer["applications"]] == ["shop-routemap"]
    assert answer["removed"] == [{"application": "prod/gone", "sequence": 6}]
    assert answer["sources"][0]["name"] == "git"


def test_nothing_new_is_an_empty_answer(api: Any) -> None:
    answer = api.get("/v1/snapshot", "since=7&board=b1").json

    assert (answer["complete"], answer["applications"], "sources" in answer) == (False, [], False)


@pytest.mark.parametrize("query", ["since=1&board=b1", "since=8&board=b1", "since=7&board=b0", "board=b0"])
def test_who_cannot_catch_up_gets_everything(api: Any, query: str) -> None:
    answer = api.get("/v1/snapshot", query).json

    assert answer["complete"] is True
    assert len(answer["applications"]) == 3


def test_a_board_that_goes_on_from_the_one_that_was_seen_tells_only_what_is_new(api: Any, bench: Any) -> None:
    snapshot = bench.board.snapshot
    bench.board.snapshot = replace(
        snapshot, board="b2", log=replace(snapshot.log, predecessors=(Predecessor("b1", 6),))
    )

    assert api.get("/v1/snapshot", "since=6&board=b1").json["complete"] is False
    assert api.get("/v1/snapshot", "since=7&board=b1").json["complete"] is True


def test_nothing_is_sent_again_to_who_has_it(api: Any, bench: Any) -> None:
    etag = api.get("/v1/snapshot").headers["etag"]

    for sent in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = api.call("GET", "/v1/snapshot", headers={"If-None-Match": sent})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == etag
        assert "iter8-controller-age" in again.headers
    assert api.call("GET", "/v1/snapshot", headers={"If-None-Match": '"other"'}).status_code == 200

    bench.board.snapshot = replace(bench.board.snapshot, sequence=8)
    assert api.call("GET", "/v1/snapshot", headers={"If-None-Match": etag}).status_code == 200


def test_a_board_that_starts_anew_at_the_same_sequence_is_not_taken_for_the_old_one(api: Any, bench: Any) -> None:
    etag = api.get("/v1/snapshot").headers["etag"]
    bench.board.snapshot = replace(bench.board.snapshot, board="b2")

    answer = api.call("GET", "/v1/snapshot", query_string="since=7&board=b1", headers={"If-None-Match": etag})

    assert (answer.status_code, answer.json["complete"], answer.json["board"]) == (200, True, "b2")


def test_representations_have_tags_of_their_own(api: Any, raw: Any) -> None:
    headers = {"Accept-Encoding": "gzip"}
    answers = [
        api.get("/v1/snapshot"),
        api.get("/v1/snapshot", "detail=full"),
        *(raw.simulate_get("/v1/snapshot", query_string=query, headers=headers) for query in ("", "detail=full")),
    ]

    assert len({answer.headers["etag"] for answer in answers}) == 4
    assert all(answer.headers["vary"] == "Accept-Encoding" for answer in answers)


def test_a_board_of_an_earlier_release_has_no_tag(api: Any, bench: Any) -> None:
    bench.board.snapshot = replace(bench.board.snapshot, board="")

    answer = api.get("/v1/snapshot", "since=7")

    assert ("etag" in answer.headers, answer.json["complete"]) == (False, True)
    bench.board.snapshot = replace(bench.board.snapshot, sequence=8, routemaps={})
    assert api.get("/v1/snapshot").json["applications"] == []


@pytest.mark.parametrize(
    ("accepted", "compressed"),
    [
        ("gzip", True),
        ("deflate, gzip;q=0.5", True),
        ("GZIP", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("identity", False),
        ("", False),
    ],
)
def test_long_answers_are_compressed_for_those_who_can_take_it(
    bench: Any, raw: Any, make_state: Any, accepted: str, compressed: bool
) -> None:
    many = {f"prod/a{number}": make_state(f"prod/a{number}") for number in range(50)}
    bench.board.snapshot = replace(bench.board.snapshot, routemaps=many)
    plain = raw.simulate_get("/v1/snapshot").content

    answer = raw.simulate_get("/v1/snapshot", headers={"Accept-Encoding": accepted})

    assert (answer.headers.get("content-encoding") == "gzip") is compressed
    assert (gzip.decompress(answer.content) if compressed else answer.content) == plain
    assert len(decode_news(plain).changed) == 50


@pytest.fixture
def raw(api: Any) -> Any:
    return api._client


def test_the_age_of_the_controllers_last_sign_of_life_travels_beside_it(api: Any, bench: Any) -> None:
    bench.now += 4
    assert api.get("/v1/snapshot").headers["iter8-controller-age"] == "4.000"

    bench.board.snapshot = replace(bench.board.snapshot, controller_at=None)
    assert "iter8-controller-age" not in api.get("/v1/snapshot").headers


@pytest.mark.parametrize("path", ["/v1/snapshot", "/v1/snapshot/events"])
def test_there_is_none_before_anything_was_published(api: Any, bench: Any, path: str) -> None:
    bench.board.snapshot = Snapshot()

    assert api.get(path).status_code == 503


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("since=x", "since"),
        ("since=-1", "since"),
        ("since=1.5", "since"),
        ("since=1&since=2", "since"),
        ("since=9999999999999999999", "since"),
        ("board=a&board=b", "board"),
        ("board=%FF", "board"),
        ("detail=some", "detail"),
    ],
)
def test_a_bad_argument_is_400_and_named(api: Any, query: str, field: str) -> None:
    answer = api.get("/v1/snapshot", query)

    assert (answer.status_code, answer.json["field"]) == (400, field)


def test_one_change_after_the_other_leads_to_the_same_as_everything(api: Any, bench: Any, make_state: Any) -> None:
    here = decode_news(api.get("/v1/snapshot").content).after(Snapshot())
    for sequence in range(8, 12):
        name = f"prod/a{sequence}"
        news = News("b1", sequence, None, False, {name: make_state(name)}, (), None, 0, 2, 7, {name: sequence})
        bench.board.snapshot = news.after(bench.board.snapshot)
        new = api.get("/v1/snapshot", f"since={here.sequence}&board={here.board}")
        assert len(json.loads(new.content)["applications"]) == 1
        here = decode_news(new.content).after(here)

    assert here == decode_news(api.get("/v1/snapshot").content).after(Snapshot())
