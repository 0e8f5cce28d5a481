"""`POST /v1/exposures`: what clients did who evaluate by themselves."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from iter8_gitops.spec.metric import Arm, Exposure

ONE = {"application": "prod/backend", "user": "alice", "version": 1}


def test_an_exposure_is_stored_before_the_answer_with_what_is_said_of_it(api: Any, bench: Any) -> None:
    body = {**ONE, "signature": "cccc", "epoch": 2, "experiment": 1, "cohort": "rule"}

    answer = api.post("/v1/exposures", json.dumps(body))

    assert (answer.status_code, answer.json) == (200, {"accepted": 1})
    assert bench.writer.exposures == [Exposure(Arm("prod/backend", 1, "cccc", 2, "rule"), "alice", 1)]


def test_what_is_not_said_is_as_it_is_now(api: Any, bench: Any) -> None:
    api.post("/v1/exposures", json.dumps({"application": "shop", "user": "alice", "version": 0}))

    state = bench.board.snapshot.routemaps["default/shop-routemap"]
    assert bench.writer.exposures == [Exposure(state.arm(0), "alice", state.experiment)]


def test_an_earlier_epoch_is_not_before_its_experiment(api: Any, bench: Any) -> None:
    state = replace(bench.board.snapshot.routemaps["prod/backend"], epoch=9, experiment=8)
    bench.board.snapshot = replace(bench.board.snapshot, routemaps={"prod/backend": state})

    for epoch in (5, 8, 9):
        assert api.post("/v1/exposures", changed(epoch=epoch)).status_code == 200

    assert [exposure.experiment for exposure in bench.writer.exposures] == [5, 8, 8]


def test_a_version_without_content_yet_has_an_empty_signature(api: Any, bench: Any) -> None:
    api.post("/v1/exposures", json.dumps({**ONE, "signature": ""}))

    assert bench.writer.exposures[0].arm.signature == ""


@pytest.mark.parametrize("wrap", [lambda items: items, lambda items: {"exposures": items}])
def test_many_are_taken_in_either_form_and_the_same_again_changes_nothing(api: Any, bench: Any, wrap: Any) -> None:
    items = [{**ONE, "user": f"user-{number}"} for number in range(10)]

    for _ in range(2):
        assert api.post("/v1/exposures", json.dumps(wrap(items))).json == {"accepted": 10}

    assert bench.store.exposed_users("prod/backend", {1: "bbbb"}) == {1: 10}


def test_a_value_after_it_is_credited_to_it(api: Any, bench: Any) -> None:
    now = bench.experiments.lookup("prod/backend", "alice").version_number
    api.post("/v1/exposures", json.dumps({**ONE, "version": 1 - now}))
    api.post("/v1/metrics", json.dumps({"application": "prod/backend", "user": "alice", "name": "m", "value": 1}))

    (credited,) = bench.store.report("prod/backend", {0: "aaaa", 1: "bbbb"})["m"]
    assert credited.version == 1 - now


def test_a_store_that_cannot_write_is_503(api: Any, bench: Any) -> None:
    bench.writer.broken = True

    assert api.post("/v1/exposures", json.dumps(ONE)).status_code == 503


def changed(**changes: Any) -> str:
    return json.dumps({**ONE, **changes})


@pytest.mark.parametrize(
    ("status", "body", "field"),
    [
        (400, "", "body"),
        (400, "[]", "body"),
        (400, "[1]", "[0]"),
        (400, "{}", "application"),
        (400, '{"exposures": []}', "exposures"),
        (400, '{"exposures": {}}', "exposures"),
        (400, '{"exposures": [], "values": []}', "values"),
        (400, '{"values": []}', "values"),
        (400, changed(version=None), "version"),
        (400, changed(version="1"), "version"),
        (400, changed(version=1.5), "version"),
        (400, changed(version=-1), "version"),
        (400, changed(version=2), "version"),
        (400, changed(version=1e300), "version"),
        (400, changed(version=True), "version"),
        (400, changed().replace("1}", "1e400}"), "version"),
        (400, changed(user=""), "user"),
        (400, changed(user="a\0"), "user"),
        (400, changed(user="x" * 513), "user"),
        (400, changed(application="a/b/c"), "application"),
        (404, changed(application="prod/nobody"), "application"),
        (400, changed(signature=5), "signature"),
        (400, changed(signature="s" * 129), "signature"),
        (400, changed(signature="\ud800"), "signature"),
        (400, changed(epoch=-1), "epoch"),
        (400, changed(epoch=0.5), "epoch"),
        (400, changed(epoch="1"), "epoch"),
        (400, changed(experiment=2**60), "experiment"),
        (400, changed(epoch=3, experiment=4), "experiment"),
        (400, changed(cohort="some"), "cohort"),
        (400, changed(cohort=None), "cohort"),
        (400, changed(value=1), "value"),
        (400, json.dumps([ONE, {**ONE, "version": 9}]), "[1].version"),
        (404, json.dumps({"exposures": [ONE, {**ONE, "application": "b"}]}), "exposures[1].application"),
        (400, json.dumps({"exposures": [ONE] * 10_001}), "exposures"),
    ],
)
def test_a_bad_body_stores_nothing_and_names_the_field(
    api: Any, bench: Any, status: int, body: str, field: str
) -> None:
    answer = api.post("/v1/exposures", body)

    assert (answer.status_code, answer.json["field"]) == (status, field)
    assert bench.writer.exposures == []


def test_wrong_types_are_told_in_words(api: Any) -> None:
    assert (
        api.post("/v1/exposures", changed(version="1")).json["description"] == "version: must be a number, not a string"
    )
    assert "a number or null, not a string" in api.post("/v1/exposures", changed(epoch="1")).json["description"]
