from __future__ import annotations

import gzip
import json
from dataclasses import replace
from typing import Any

import pytest

from iter8_gitops.serving.http.bodies import MAX_BODY_BYTES
from iter8_gitops.spec.routemap import MetricDeclaration, Targeting
from iter8_gitops.spec.snapshot import RoutemapState

ONE = {"application": "prod/backend", "user": "alice", "name": "latency", "value": 12.5}


def declare(bench: Any, state: RoutemapState) -> None:
    """What is published now."""
    snapshot = bench.board.snapshot
    bench.board.snapshot = replace(snapshot, routemaps={**snapshot.routemaps, state.application: state})


def counts(bench: Any) -> dict[str, int]:
    report = bench.store.report("prod/backend", {0: "aaaa", 1: "bbbb"})
    return {name: sum(v.over_transactions.summary.count for v in versions) for name, versions in report.items()}


def test_one_value_is_stored_before_the_answer(api: Any, bench: Any) -> None:
    answer = api.post("/v1/metrics", json.dumps(ONE))

    assert (answer.status_code, answer.json) == (200, {"accepted": 1})
    assert counts(bench) == {"latency": 1}
    assert "iter8_metric_values_total 1.0" in api.get("/metrics").text


@pytest.mark.parametrize("wrap", [lambda values: values, lambda values: {"values": values}])
def test_many_values_are_taken_in_either_form(api: Any, bench: Any, wrap: Any) -> None:
    values = [{**ONE, "value": number} for number in range(10)]

    assert api.post("/v1/metrics", json.dumps(wrap(values))).json == {"accepted": 10}
    assert counts(bench) == {"latency": 10}


def test_a_value_falls_back_to_the_arm_of_the_present_assignment(api: Any, bench: Any) -> None:
    version = bench.experiments.lookup("prod/backend", "alice").version_number

    api.post("/v1/metrics", json.dumps(ONE))

    assert bench.writer.values[0].fallback == bench.board.snapshot.routemaps["prod/backend"].arm(version)


def test_a_transaction_counts_once_however_often_it_is_written(api: Any, bench: Any) -> None:
    order = {**ONE, "transaction": "order-1"}

    assert api.post("/v1/metrics", json.dumps([order, order])).json == {"accepted": 2}
    assert api.post("/v1/metrics", json.dumps(order)).json == {"accepted": 1}
    assert api.post("/v1/metrics", json.dumps({**order, "name": "items"})).json == {"accepted": 1}
    assert api.post("/v1/metrics", json.dumps([ONE, {**ONE, "transaction": ""}])).json == {"accepted": 2}

    assert counts(bench) == {"items": 1, "latency": 3}


def test_what_is_accepted_is_counted_for_prometheus_as_callers_are_told(api: Any, bench: Any) -> None:
    order = {**ONE, "transaction": "order-1"}
    told = api.post("/v1/metrics", json.dumps([order, order, ONE])).json["accepted"]

    assert (told, counts(bench)) == (3, {"latency": 2})
    assert f"iter8_metric_values_total {told}.0" in api.get("/metrics").text


def test_a_transaction_is_of_the_application_however_it_is_written(api: Any, bench: Any) -> None:
    for application in ("shop", "default/shop", "default/shop-routemap"):
        value = {**ONE, "application": application, "transaction": "order-1"}
        assert api.post("/v1/metrics", json.dumps(value)).status_code == 200

    (metric,) = bench.store.report("default/shop-routemap", {0: "cccc"})["latency"]
    assert metric.over_transactions.counts == ((12.5, 1),)


def test_values_carry_the_experiment_and_the_ratios_that_are_declared(api: Any, bench: Any, make_state: Any) -> None:
    metrics = (
        MetricDeclaration("sales"),
        MetricDeclaration("revenue", type="ratio", denominator="visits"),
        MetricDeclaration("errors", type="ratio", denominator="visits"),
    )
    declare(bench, replace(make_state("prod/backend"), metrics=metrics, experiment=2))

    for name in ("sales", "revenue", "visits", "latency"):
        api.post("/v1/metrics", changed(name=name, user="new"))

    both = (("revenue", "visits"), ("errors", "visits"))
    assert [value.products for value in bench.writer.values] == [(), both[:1], both, ()]
    assert {value.experiment for value in bench.writer.values} == {2}


def test_a_late_value_counts_where_its_user_was_last_until_a_lookup_moves_them(
    api: Any, bench: Any, make_state: Any
) -> None:
    declare(bench, make_state("prod/backend", (1, 0)))
    api.get("/v1/lookup", "application=prod/backend&user=alice")
    declare(bench, replace(make_state("prod/backend", (0, 1)), epoch=4))

    api.post("/v1/metrics", changed(value=1))
    api.get("/v1/lookup", "application=prod/backend&user=alice")
    api.post("/v1/metrics", changed(value=2))

    arms = bench.experiments.statistics("prod", "backend").arms
    assert [(arm.version, arm.epoch, arm.metrics["latency"].sum[0]) for arm in arms] == [(0, 3, 1.0), (1, 4, 2.0)]


def test_a_late_value_of_former_content_is_kept_with_it(api: Any, bench: Any, make_state: Any) -> None:
    api.get("/v1/lookup", "application=prod/backend&user=alice")
    declare(bench, replace(make_state("prod/backend", signatures=("new", "newer")), epoch=4, experiment=4))

    api.post("/v1/metrics", changed(value=1))

    assert bench.experiments.statistics("prod", "backend").arms == ()
    assert counts(bench) == {"latency": 1}


def test_a_value_of_an_unknown_user_exposes_them(api: Any, bench: Any, make_state: Any) -> None:
    declare(bench, replace(make_state("prod/backend", (1, 0)), experiment=3))

    api.post("/v1/metrics", changed(user="nobody-yet"))
    api.get("/v1/lookup", "application=prod/backend&user=nobody-yet")

    (arm,) = bench.experiments.statistics("prod", "backend").arms
    assert (arm.version, arm.users, arm.newcomers, arm.metrics["latency"].count) == (0, 1, 1, 1)


def test_values_of_users_who_were_not_assigned_at_random_are_not_compared(
    api: Any, bench: Any, make_state: Any
) -> None:
    targeting = Targeting(overrides=(("tester", 1),))
    declare(bench, replace(make_state("prod/backend", (1, 1)), targeting=targeting))

    for user in ("tester", "alice"):
        api.post("/v1/metrics", changed(user=user))

    assert [value.fallback.cohort for value in bench.writer.values] == ["override", ""]
    (arm,) = bench.experiments.statistics("prod", "backend").arms
    assert (arm.users, arm.metrics["latency"].count) == (1, 1)
    assert counts(bench) == {"latency": 1}


def test_one_bad_value_refuses_them_all(api: Any, bench: Any) -> None:
    values = [ONE, {**ONE, "application": "shop"}, {**ONE, "user": ""}]

    answer = api.post("/v1/metrics", json.dumps({"values": values}))

    assert (answer.status_code, answer.json["field"]) == (400, "values[2].user")
    assert bench.writer.values == []


def test_an_unknown_application_is_404_and_named_in_its_place(api: Any, bench: Any) -> None:
    answer = api.post("/v1/metrics", json.dumps([ONE, {**ONE, "application": "prod/nobody"}]))

    assert (answer.status_code, answer.json["field"]) == (404, "[1].application")
    assert bench.writer.values == []


def test_a_store_that_cannot_write_is_503_and_nothing_is_acknowledged(api: Any, bench: Any) -> None:
    bench.writer.broken = True

    answer = api.post("/v1/metrics", json.dumps(ONE))

    assert (answer.status_code, answer.json["description"]) == (503, "the disk is full")
    assert "iter8_metric_values_total 0.0" in api.get("/metrics").text


def changed(**changes: Any) -> str:
    return json.dumps({**ONE, **changes})


def without(key: str) -> str:
    return json.dumps({name: value for name, value in ONE.items() if name != key})


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("", "body"),
        ("{", "body"),
        ('{"application": "a"', "body"),
        ("nul", "body"),
        ("null", "body"),
        ("12", "body"),
        ('"text"', "body"),
        ("[]", "body"),
        ("[null]", "[0]"),
        ("[[]]", "[0]"),
        ("{}", "application"),
        ('{"values": []}', "values"),
        ('{"values": {}}', "values"),
        ('{"values": null}', "values"),
        ('{"values": [], "more": 1}', "more"),
        (b"\xff\xfe", "body"),
        (b'{"user": "\xff"}', "body"),
        (b"\xef\xbb\xbf{}", "body"),
        ("[" * 100_000, "body"),
        ('{"a":' * 100_000, "body"),
        (without("application"), "application"),
        (without("user"), "user"),
        (without("name"), "name"),
        (without("value"), "value"),
        (changed(extra=1), "extra"),
        (changed(application=5), "application"),
        (changed(application=""), "application"),
        (changed(application="a/b/c"), "application"),
        (changed(user=None), "user"),
        (changed(user=["a"]), "user"),
        (changed(user="x" * 513), "user"),
        (changed(user="a\0b"), "user"),
        (changed(user="\ud800"), "user"),
        (changed(name=""), "name"),
        (changed(name="n" * 257), "name"),
        (changed(name="tab\t"), "name"),
        (changed(name="\udfff"), "name"),
        (changed(transaction=1), "transaction"),
        (changed(transaction=None), "transaction"),
        (changed(transaction="t" * 257), "transaction"),
        (changed(transaction="a\nb"), "transaction"),
        (changed(transaction="\ud800"), "transaction"),
        (json.dumps([ONE, {**ONE, "transaction": "\x00"}]), "[1].transaction"),
        (changed(value="1"), "value"),
        (changed(value=True), "value"),
        (changed(value=None), "value"),
        (changed(value=[1]), "value"),
        (changed(value=1e101), "value"),
        (changed(value=-1e101), "value"),
        (changed(value=float("nan")), "body"),
        (changed(value=float("inf")), "body"),
        (changed(value=float("-inf")), "body"),
        (changed().replace("12.5", "1e400"), "value"),
        (changed().replace("12.5", "-1e400"), "value"),
        (changed().replace("12.5", "9" * 10_000), "value"),
        (changed().replace("12.5", "0x10"), "body"),
        (changed().replace("12.5", "1_000"), "body"),
        (changed().replace("12.5", "+1"), "body"),
        (changed().replace("12.5", "01"), "body"),
        (changed().replace("}", ', "value": 3}'), "value"),
        (json.dumps({"\ud800": 1}), "\\ud800"),
        (json.dumps({**ONE, "`x`": 1}), "`x`"),
        (json.dumps([ONE, {**ONE, "x": 1}]), "[1].x"),
        (json.dumps({"values": [{**ONE, "value": "1"}]}), "values[0].value"),
        (json.dumps([ONE] * 10_001), "body"),
        (json.dumps({"values": [ONE] * 10_001}), "values"),
    ],
)
def test_a_bad_body_is_400_and_names_the_field(api: Any, bench: Any, body: str | bytes, field: str) -> None:
    answer = api.post("/v1/metrics", body)

    assert answer.status_code == 400
    assert answer.json["field"] == field
    assert bench.writer.values == []


def test_json_errors_say_the_line_and_column(api: Any) -> None:
    answer = api.post("/v1/metrics", '{\n  "user": "a",\n  oops\n}')

    assert "line 3, column 3" in answer.json["description"]


def test_wrong_types_are_told_in_words(api: Any) -> None:
    assert api.post("/v1/metrics", changed(value="1")).json["description"] == "value: must be a number, not a string"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("0", 0.0),
        ("-0.0", 0.0),
        ("1e100", 1e100),
        ("-1E-300", -1e-300),
        ("0.1", 0.1),
        ("123456789012345678", 1.2345678901234568e17),
    ],
)
def test_every_json_number_in_range_is_taken(api: Any, bench: Any, written: str, value: float) -> None:
    assert api.post("/v1/metrics", changed().replace("12.5", written)).status_code == 200
    assert bench.writer.values[0].value == value


def test_the_most_values_are_taken(api: Any, bench: Any) -> None:
    assert api.post("/v1/metrics", json.dumps([ONE] * 10_000)).json == {"accepted": 10_000}


def test_a_body_above_the_limit_is_413(api: Any, bench: Any) -> None:
    answer = api.post("/v1/metrics", b" " * (MAX_BODY_BYTES + 1))

    assert (answer.status_code, answer.json["field"]) == (413, "body")


def test_a_body_at_the_limit_is_taken(api: Any) -> None:
    assert api.post("/v1/metrics", json.dumps(ONE).ljust(MAX_BODY_BYTES)).status_code == 200


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON", None]
)
def test_json_is_taken_with_and_without_its_content_type(api: Any, content_type: str | None) -> None:
    assert api.post("/v1/metrics", json.dumps(ONE), content_type).status_code == 200


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "junk", "a/b/c"],
)
def test_other_content_types_are_415(api: Any, content_type: str) -> None:
    answer = api.post("/v1/metrics", json.dumps(ONE), content_type)

    assert (answer.status_code, answer.json["field"]) == (415, "Content-Type")


@pytest.mark.parametrize("coding", ["gzip", "br", "identity, gzip", "GZIP"])
def test_a_compressed_body_is_415_and_says_so(api: Any, coding: str) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": coding}

    answer = api.call("POST", "/v1/metrics", body=gzip.compress(json.dumps(ONE).encode()), headers=headers)

    assert (answer.status_code, answer.json["field"]) == (415, "Content-Encoding")
    assert f"'{coding.lower()}'" in answer.json["description"]


@pytest.mark.parametrize("coding", ["identity", "Identity ", ""])
def test_a_body_that_is_said_to_come_as_it_is_is_taken(api: Any, coding: str) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": coding}
    assert api.call("POST", "/v1/metrics", body=json.dumps(ONE), headers=headers).status_code == 200
