"""OFREP in process: every answer is held against the OpenAPI document as well."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

import pytest
from falcon.testing import Result

from iter8_gitops.serving.flags import Flags
from iter8_gitops.spec.routemap import Rule, Targeting
from iter8_gitops.spec.snapshot import RoutemapState, Snapshot

FLAGS = "/ofrep/v1/evaluate/flags"
TARGETING = Targeting(
    overrides=(("alice", 1),), holdout=0.2, rules=(Rule("staff", (("group", ("staff",)), ("level", ("3",))), 1),)
)


def ask(
    api: Any, key: str | None = None, query: str = "", headers: dict[str, str] | None = None, **context: Any
) -> Result:
    path = FLAGS if key is None else f"{FLAGS}/{key}"
    body = json.dumps({"context": context})
    headers = {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
    answer: Result = api.call("POST", path, body=body, headers=headers, query_string=query)
    return answer


def change(bench: Any, state: RoutemapState) -> None:
    snapshot = bench.board.snapshot
    bench.board.snapshot = replace(snapshot, routemaps={**snapshot.routemaps, state.application: state})


def test_a_flag_is_the_version_that_the_user_gets(api: Any, bench: Any) -> None:
    looked_up = api.get("/v1/lookup", "application=prod/backend&user=alice").json

    answer = ask(api, "prod/backend", targetingKey="alice")

    assert answer.status_code == 200
    assert answer.json == {
        "key": "prod/backend",
        "value": looked_up["versionNumber"],
        "reason": "SPLIT",
        "variant": looked_up["versionName"],
        "metadata": {
            "application": "prod/backend",
            "signature": looked_up["signature"],
            "epoch": 3,
            "experiment": 0,
            "cohort": "",
            "stale": False,
        },
    }


def test_an_evaluation_counts_as_an_exposure(api: Any, bench: Any) -> None:
    value = ask(api, "prod/backend", targetingKey="alice").json["value"]

    (exposure,) = bench.writer.exposures
    assert (exposure.user, exposure.arm) == ("alice", bench.board.snapshot.routemaps["prod/backend"].arm(value))


@pytest.mark.parametrize("key", ["shop", "shop-routemap", "default/shop", "default%2Fshop-routemap"])
def test_keys_follow_the_rules_of_lookups(api: Any, key: str) -> None:
    answer = ask(api, key, targetingKey="u").json

    assert (answer["key"], answer["metadata"]["application"]) == (key.replace("%2F", "/"), "default/shop-routemap")


def test_the_reason_says_whether_chance_a_rule_or_nothing_decides(api: Any, bench: Any, make_state: Any) -> None:
    change(bench, replace(make_state("prod/backend"), targeting=replace(TARGETING, holdout=0.0)))

    assert ask(api, "prod/backend", targetingKey="bob").json["reason"] == "SPLIT"
    assert ask(api, "shop", targetingKey="bob").json["reason"] == "STATIC"
    overridden = ask(api, "prod/backend", targetingKey="alice").json
    assert (overridden["reason"], overridden["value"]) == ("TARGETING_MATCH", 1)
    assert overridden["metadata"]["cohort"] == "override"
    ruled = ask(api, "prod/backend", targetingKey="bob", group="staff", level=3).json
    assert (ruled["reason"], ruled["value"], ruled["variant"]) == ("TARGETING_MATCH", 1, "v1")
    assert (ruled["metadata"]["cohort"], ruled["metadata"]["rule"]) == ("rule", "staff")


def test_lists_objects_and_nulls_in_the_context_are_no_attributes(api: Any, bench: Any, make_state: Any) -> None:
    change(bench, replace(make_state("prod/backend"), targeting=TARGETING))

    answer = ask(api, "prod/backend", targetingKey="bob", group=["staff"], level={"is": 3}, plan=None)

    assert answer.json["metadata"]["cohort"] in {"", "holdout"}


@pytest.mark.parametrize("weights", [(90, 10), (1, 1), (0, 1), (0, 0)])
def test_single_and_bulk_answers_are_those_of_lookups_before_and_after_a_change(
    api: Any, bench: Any, make_state: Any, weights: tuple[int, int]
) -> None:
    change(bench, replace(make_state("prod/backend", weights), targeting=TARGETING))
    chance = random.Random(weights[0])

    for _ in range(40):
        user, group = f"user-{chance.randrange(10**9)}", chance.choice(["staff", "public"])
        bulk = {flag["key"]: flag for flag in ask(api, targetingKey=user, group=group, level=3).json["flags"]}
        assert set(bulk) == set(bench.board.snapshot.routemaps)
        for key, flag in bulk.items():
            assert ask(api, key, targetingKey=user, group=group, level=3).json == flag
            found = bench.experiments.lookup(key, user, attributes={"group": group, "level": 3})
            assert (flag["value"], flag["variant"]) == (found.version_number, found.version_name)
            assert flag["metadata"]["signature"] == found.signature


def test_a_bulk_evaluation_records_nothing_unless_it_is_asked_to(api: Any, bench: Any) -> None:
    ask(api, targetingKey="u")
    ask(api, targetingKey="u", query="exposures=false")
    assert bench.writer.exposures == []

    ask(api, targetingKey="u", query="exposures=true&namespace=prod")
    assert {exposure.arm.application for exposure in bench.writer.exposures} == {"prod/backend", "prod/cold"}


def test_a_bulk_evaluation_can_be_of_one_namespace(api: Any) -> None:
    flags = ask(api, targetingKey="u", query="namespace=prod").json["flags"]

    assert [flag["key"] for flag in flags] == ["prod/backend", "prod/cold"]
    assert ask(api, targetingKey="u", query="namespace=pro").json["flags"] == []


def test_an_answer_that_the_caller_has_is_304(api: Any) -> None:
    first = ask(api, targetingKey="u")
    again = ask(api, targetingKey="u", headers={"If-None-Match": first.headers["etag"]})

    assert first.headers["etag"].startswith('"')
    assert (again.status_code, again.headers["etag"], again.content) == (304, first.headers["etag"], b"")


@pytest.mark.parametrize("form", ['"other", {}', "W/{}", "*"])
def test_validators_are_compared_as_http_says(api: Any, form: str) -> None:
    etag = ask(api, targetingKey="u").headers["etag"]

    assert ask(api, targetingKey="u", headers={"If-None-Match": form.format(etag)}).status_code == 304


def test_the_validator_tells_apart_contexts_that_are_answered_alike(api: Any) -> None:
    first = ask(api, targetingKey="u", plan="free")
    other = ask(api, targetingKey="u", plan=["pro"], headers={"If-None-Match": first.headers["etag"]})

    assert other.status_code == 200
    assert other.json == first.json
    assert other.headers["etag"] != first.headers["etag"]


def test_the_validator_follows_what_the_user_gets(api: Any, bench: Any, make_state: Any) -> None:
    etag = ask(api, targetingKey="u").headers["etag"]
    had = {"If-None-Match": etag}

    bench.board.snapshot = replace(bench.board.snapshot, sequence=8)
    assert ask(api, targetingKey="u", headers=had).status_code == 304
    change(bench, make_state("prod/backend", (90, 10), ("other", "contents")))
    assert ask(api, targetingKey="u", headers=had).status_code == 200
    change(bench, make_state("prod/backend"))
    assert ask(api, targetingKey="u", headers=had).status_code == 304
    change(bench, make_state("prod/new"))
    assert ask(api, targetingKey="u", headers=had).status_code == 200


def test_there_is_no_304_for_a_caller_who_was_told_of_another_state(api: Any, bench: Any) -> None:
    etag = ask(api, targetingKey="u").headers["etag"]
    had = {"If-None-Match": etag}
    version = Flags(bench.experiments).version()

    assert ask(api, query="flagConfigEtag=another", headers=had, targetingKey="u").status_code == 200
    for same in (version, f"%22{version}%22", f"W/%22{version}%22"):
        query = f"flagConfigEtag={same}&flagConfigLastModified=1"
        assert ask(api, query=query, headers=had, targetingKey="u").status_code == 304
    assert ask(api, query=f"flagConfigEtag={version}", targetingKey="u").status_code == 200
    assert ask(api, query=f"flagConfigEtag={version}", targetingKey="u").headers["etag"] == etag


def test_a_heartbeat_leaves_the_version_of_all_flags_and_a_weight_moves_it(bench: Any, make_state: Any) -> None:
    before = Flags(bench.experiments).version()
    bench.board.snapshot = replace(bench.board.snapshot, sequence=8, controller_at=bench.now)
    assert Flags(bench.experiments).version() == before

    state = bench.board.snapshot.routemaps["prod/backend"]
    change(bench, replace(state, problems=()))
    assert Flags(bench.experiments).version() == before
    change(bench, make_state("prod/backend", (50, 50)))
    assert Flags(bench.experiments).version() != before
    change(bench, state)
    assert Flags(bench.experiments).version() == before


def test_the_answer_names_the_stream_that_tells_of_changes(api: Any) -> None:
    (stream,) = ask(api, targetingKey="u").json["eventStreams"]

    assert stream == {"type": "sse", "endpoint": {"requestUri": "/ofrep/v1/events"}, "inactivityDelaySec": 120}


def test_credentials_are_taken_and_not_looked_at(api: Any) -> None:
    headers = {"Authorization": "Bearer x", "X-API-Key": "y"}

    assert ask(api, "shop", headers=headers, targetingKey="u").status_code == 200


def test_a_state_that_could_not_be_renewed_is_stale(api: Any, bench: Any) -> None:
    bench.now += 60

    assert ask(api, "prod/backend", targetingKey="u").json["metadata"]["stale"] is True
    answer = ask(api, targetingKey="u").json
    assert answer["metadata"]["stale"] is True
    assert all(flag["metadata"]["stale"] for flag in answer["flags"])


JSON = {"Content-Type": "application/json"}
GOOD = '{"context": {"targetingKey": "u"}}'
MANY = json.dumps({"context": {"targetingKey": "u", **{f"a{number}": 1 for number in range(101)}}})


@pytest.mark.parametrize("path", [FLAGS, f"{FLAGS}/prod/backend"])
@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ("", "PARSE_ERROR", "body: is not JSON"),
        ("{", "PARSE_ERROR", "line 1, column 2"),
        (b"\xff", "PARSE_ERROR", "body: is not UTF-8"),
        ('{"context": {"targetingKey": NaN}}', "PARSE_ERROR", "NaN"),
        ("[" * 100_000, "PARSE_ERROR", "body: is nested too deeply"),
        ('{"context": {"targetingKey": "a", "targetingKey": "b"}}', "PARSE_ERROR", "targetingKey: appears twice"),
        ("[]", "PARSE_ERROR", "body: must be an object, not an array"),
        ("null", "PARSE_ERROR", "body: must be an object, not null"),
        ('"u"', "PARSE_ERROR", "body: must be an object, not a string"),
        ("{}", "TARGETING_KEY_MISSING", "context.targetingKey: is missing"),
        ('{"context": null}', "TARGETING_KEY_MISSING", "context.targetingKey"),
        ('{"context": {}}', "TARGETING_KEY_MISSING", "context.targetingKey"),
        ('{"context": {"targetingKey": ""}}', "TARGETING_KEY_MISSING", "context.targetingKey"),
        ('{"context": {"targetingKey": null}}', "TARGETING_KEY_MISSING", "context.targetingKey"),
        ('{"context": []}', "INVALID_CONTEXT", "context: must be an object, not an array"),
        ('{"context": "u"}', "INVALID_CONTEXT", "context: must be an object, not a string"),
        ('{"context": {"targetingKey": 7}}', "INVALID_CONTEXT", "context.targetingKey: must be a string, not a number"),
        ('{"context": {"targetingKey": true}}', "INVALID_CONTEXT", "not a boolean"),
        ('{"context": {"targetingKey": {"a": 1}}}', "INVALID_CONTEXT", "not an object"),
        ('{"context": {"targetingKey": "a\\u0000"}}', "INVALID_CONTEXT", "context.targetingKey: has a control"),
        ('{"context": {"targetingKey": "\\ud800"}}', "INVALID_CONTEXT", "context.targetingKey: has half"),
        (json.dumps({"context": {"targetingKey": "u" * 513}}), "INVALID_CONTEXT", "513 characters; at most 512"),
        ('{"context": {"targetingKey": "u", "a": 1e999}}', "INVALID_CONTEXT", "context.a: must be a finite number"),
        (json.dumps({"context": {"targetingKey": "u", "a": "x" * 1025}}), "INVALID_CONTEXT", "context.a: has 1025"),
        (MANY, "INVALID_CONTEXT", "context: has 101 attributes"),
    ],
)
def test_a_bad_body_gets_an_error_code_and_says_why(
    api: Any, bench: Any, path: str, body: str | bytes, code: str, said: str
) -> None:
    answer = api.call("POST", path, body=body, headers=JSON)

    assert (answer.status_code, answer.json["errorCode"]) == (400, code)
    assert said in answer.json["errorDetails"]
    assert answer.json.get("key") == (None if path == FLAGS else "prod/backend")
    assert bench.writer.exposures == []


@pytest.mark.parametrize("key", ["prod/other", "other", "a/b/c", "prod/", "", "a%00b", "prod%2F%2Fbackend", "x" * 600])
def test_an_unknown_flag_is_not_found(api: Any, key: str) -> None:
    answer = ask(api, key, targetingKey="u")

    assert (answer.status_code, answer.json["errorCode"]) == (404, "FLAG_NOT_FOUND")
    assert answer.json["errorDetails"]
    assert answer.json["key"] == key.replace("%2F", "/").replace("%00", "\0")


def test_a_near_name_is_suggested(api: Any) -> None:
    assert "did you mean 'prod/backend'?" in ask(api, "staging/backend", targetingKey="u").json["errorDetails"]


@pytest.mark.parametrize("path", [FLAGS, f"{FLAGS}/prod/backend"])
def test_other_methods_content_types_and_sizes_are_refused_in_the_same_shape(api: Any, path: str) -> None:
    assert api.call("GET", path).json["errorCode"] == "GENERAL"
    refused = api.call("PUT", path, body=GOOD, headers=JSON)
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST, OPTIONS")
    plain = api.call("POST", path, body=GOOD, headers={"Content-Type": "text/plain"})
    assert (plain.status_code, plain.json["errorCode"]) == (415, "GENERAL")
    huge = api.call("POST", path, body=b" " * (5 * 1024 * 1024), headers=JSON)
    assert (huge.status_code, huge.json["errorCode"]) == (413, "GENERAL")


@pytest.mark.parametrize("query", ["exposures=yes", "exposures=1", "namespace=a&namespace=b", "flagConfigEtag=%FF"])
def test_a_bad_query_is_refused(api: Any, query: str) -> None:
    answer = ask(api, query=query, targetingKey="u")

    assert (answer.status_code, answer.json["errorCode"]) == (400, "GENERAL")
    assert answer.json["errorDetails"].startswith(query.partition("=")[0])


@pytest.mark.parametrize("key", [None, "prod/backend"])
def test_before_the_first_snapshot_the_failure_is_the_servers(api: Any, bench: Any, key: str | None) -> None:
    bench.board.snapshot = Snapshot()

    answer = ask(api, key, targetingKey="u")

    assert (answer.status_code, answer.json["errorCode"], answer.headers["retry-after"]) == (500, "GENERAL", "1")
    assert "nothing has been published yet" in answer.json["errorDetails"]


def test_a_defect_has_the_shape_too(api: Any, bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.experiments, "lookup", lambda *_: 1 / 0)

    answer = ask(api, "prod/backend", targetingKey="u")

    assert (answer.status_code, answer.json["errorCode"], answer.json["key"]) == (500, "GENERAL", "prod/backend")
