"""Many lookups in one request: order, all or nothing, and what one unknown application costs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from iter8_gitops.serving.batches import MAX_DECISIONS
from iter8_gitops.serving.http import decisions
from iter8_gitops.spec.snapshot import Snapshot

ONE = {"application": "prod/backend", "user": "alice"}


def ask(api: Any, **body: Any) -> Any:
    return api.post("/v1/lookup", json.dumps(body))


def alone(api: Any, application: str, user: str) -> Any:
    return api.get("/v1/lookup", f"application={application}&user={user}").json


def test_one_lookup_in_a_body_is_answered_as_one_in_a_query(api: Any, bench: Any) -> None:
    assert ask(api, **ONE).json == alone(api, "prod/backend", "alice")
    assert bench.writer.exposures[0] == bench.writer.exposures[1]


def test_a_batch_is_answered_in_its_order_and_all_exposures_are_recorded(api: Any, bench: Any) -> None:
    names = [f"user-{number}" for number in range(50)]
    lookups = [{"application": app, "user": user} for user in names for app in ("prod/backend", "shop")]

    answers = ask(api, lookups=lookups).json["answers"]

    assert len(bench.writer.exposures) == 100
    assert answers == [alone(api, lookup["application"], lookup["user"]) for lookup in lookups]
    assert bench.store.exposed_users("prod/backend", {0: "aaaa", 1: "bbbb"}).keys() == {0, 1}
    assert bench.writer.exposures[:100] == bench.writer.exposures[100:]


def test_a_product_goes_through_the_users_of_one_application_after_the_other(api: Any) -> None:
    answers = ask(api, applications=["prod/backend", "shop"], users=["alice", "bob", "carol"]).json["answers"]

    expected = [
        alone(api, application, user) for application in ("prod/backend", "shop") for user in ("alice", "bob", "carol")
    ]
    assert answers == expected


def test_lookups_of_a_batch_are_counted(api: Any, bench: Any) -> None:
    ask(api, applications=["shop"], users=["alice", "bob"])
    bench.telemetry.flush()

    counted = 'iter8_lookups_total{application="default/shop-routemap",version="0"} 2.0'
    assert counted in api.get("/metrics").text


def test_an_unknown_application_is_an_error_of_its_own_lookups_alone(api: Any, bench: Any) -> None:
    answers = ask(api, lookups=[ONE, {**ONE, "application": "prod/bakend"}, ONE]).json["answers"]

    assert answers[0] == answers[2] == alone(api, "prod/backend", "alice")
    assert answers[1] == {
        "error": {
            "title": "Not found",
            "description": "no application 'prod/bakend'; did you mean 'prod/backend'?",
            "field": "application",
        }
    }
    assert len(bench.writer.exposures) == 3


def test_very_many_unknown_applications_are_answered_too(api: Any) -> None:
    answers = ask(api, applications=[f"prod/a{number}" for number in range(MAX_DECISIONS)], users=["u"]).json["answers"]

    assert len(answers) == MAX_DECISIONS
    assert {answer["error"]["title"] for answer in answers} == {"Not found"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"lookups": []}, "lookups"),
        ({"lookups": {}}, "lookups"),
        ({"lookups": None}, "lookups"),
        ({"lookups": [ONE], "more": 1}, "more"),
        ({"lookups": [None]}, "lookups[0]"),
        ({"lookups": [ONE, []]}, "lookups[1]"),
        ({"lookups": [ONE, {"application": "shop"}]}, "lookups[1].user"),
        ({"lookups": [ONE, {**ONE, "user": ""}]}, "lookups[1].user"),
        ({"lookups": [ONE, {**ONE, "user": 5}]}, "lookups[1].user"),
        ({"lookups": [ONE, {**ONE, "user": "a\0"}]}, "lookups[1].user"),
        ({"lookups": [ONE, {**ONE, "user": "\ud800"}]}, "lookups[1].user"),
        ({"lookups": [ONE, {**ONE, "application": "a/b/c"}]}, "lookups[1].application"),
        ({"lookups": [ONE, {**ONE, "extra": 1}]}, "lookups[1].extra"),
        ({"lookups": [ONE, {**ONE, "attributes": {"a": None}}]}, "lookups[1].attributes.a"),
        ({"lookups": [ONE, {**ONE, "attributes": []}]}, "lookups[1].attributes"),
        ({"lookups": [ONE] * (MAX_DECISIONS + 1)}, "lookups"),
        ({"applications": ["shop"]}, "users"),
        ({"users": ["u"]}, "applications"),
        ({"applications": [], "users": ["u"]}, "applications"),
        ({"applications": ["shop"], "users": []}, "users"),
        ({"applications": "shop", "users": ["u"]}, "applications"),
        ({"applications": ["shop", 5], "users": ["u"]}, "applications[1]"),
        ({"applications": ["shop", ""], "users": ["u"]}, "applications[1]"),
        ({"applications": ["shop"], "users": ["u", ""]}, "users[1]"),
        ({"applications": ["shop"], "users": ["u", "a\n"]}, "users[1]"),
        ({"applications": ["shop"], "users": ["u", "x" * 513]}, "users[1]"),
        ({"applications": ["shop"], "users": ["u"], "user": "u"}, "user"),
        ({"applications": ["shop"], "users": ["u"], "attributes": {"a": None}}, "attributes.a"),
        ({"applications": ["shop"] * 101, "users": ["u"] * 100}, "users"),
        ({}, "application"),
        ([ONE], "body"),
        (None, "body"),
    ],
)
def test_when_something_cannot_be_used_its_place_is_named_and_nothing_is_recorded(
    api: Any, bench: Any, body: Any, field: str
) -> None:
    answer = api.post("/v1/lookup", json.dumps(body))

    assert (answer.status_code, answer.json["field"]) == (400, field)
    assert bench.writer.exposures == []


def test_before_the_first_snapshot_a_batch_is_unavailable_as_a_whole(api: Any, bench: Any) -> None:
    bench.board.snapshot = Snapshot()

    assert ask(api, lookups=[ONE]).status_code == 503
    assert ask(api, applications=["shop"], users=["u"]).status_code == 503
    assert ask(api, lookups=[{**ONE, "user": ""}]).json["field"] == "lookups[0].user"


def test_a_batch_waits_until_its_exposures_have_room(api: Any, bench: Any) -> None:
    bench.writer.waits = 3

    assert len(ask(api, lookups=[ONE]).json["answers"]) == 1
    assert bench.writer.waits == -1


def test_a_batch_is_answered_though_the_store_does_not_catch_up(
    api: Any, bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decisions, "_PATIENCE_SECONDS", 0.03)
    bench.writer.waits = 1_000_000

    assert len(ask(api, lookups=[ONE]).json["answers"]) == 1
