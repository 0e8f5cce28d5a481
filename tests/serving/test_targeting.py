"""Lookups that chance does not decide, over both methods of `/v1/lookup`: answers, reasons and exposures."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from iter8_gitops.spec.routemap import Rule, Targeting

STAFF = Rule("staff", (("group", ("beta", "staff")),), 1)
ADULT = Rule("adults of age", (("age", ("18",)), ("verified", ("true",))), 1)
TARGETING = Targeting((("alice", 1), ("bob", 0)), rules=(STAFF, ADULT))


@pytest.fixture(autouse=True)
def targeted(bench: Any) -> None:
    """prod/backend (90/10) with two overrides and two rules."""
    declare(bench, TARGETING)


def declare(bench: Any, targeting: Targeting) -> None:
    routemaps = bench.board.snapshot.routemaps
    state = replace(routemaps["prod/backend"], targeting=targeting)
    bench.board.snapshot = replace(bench.board.snapshot, routemaps={**routemaps, "prod/backend": state})


def posted(api: Any, user: str, **attributes: Any) -> Any:
    return api.post("/v1/lookup", json.dumps({"application": "prod/backend", "user": user, "attributes": attributes}))


def why(answer: Any) -> tuple[int, str, str | None]:
    assert answer.status_code == 200, answer.json
    return answer.json["versionNumber"], answer.json["reason"], answer.json["rule"]


def test_an_override_is_the_reason(api: Any) -> None:
    assert why(api.get("/v1/lookup", "application=prod/backend&user=alice")) == (1, "override", None)
    assert why(posted(api, "bob", group="staff")) == (0, "override", None)


def test_a_rule_is_named(api: Any) -> None:
    query = "application=prod/backend&user=carol&attribute.group=staff&attribute.other=x"

    assert why(api.get("/v1/lookup", query)) == (1, "rule", "staff")
    assert why(posted(api, "carol", group="beta")) == (1, "rule", "staff")


@pytest.mark.parametrize("age", [18, 18.0, "18"])
def test_numbers_and_booleans_match_however_they_are_written(api: Any, age: Any) -> None:
    assert why(posted(api, "carol", age=age, verified=True)) == (1, "rule", "adults of age")


def test_large_whole_numbers_keep_their_digits(api: Any, bench: Any) -> None:
    declare(bench, Targeting(rules=(Rule("one", (("id", ("12345678901234567890",)),), 1),)))

    body = '{"application": "prod/backend", "user": "dora", "attributes": {"id": %s}}'

    assert why(api.post("/v1/lookup", body % "12345678901234567890"))[1] == "rule"
    assert why(api.post("/v1/lookup", body % "12345678901234567891"))[1] == "random"


def test_the_holdout_is_the_reason(api: Any, bench: Any) -> None:
    declare(bench, replace(TARGETING, holdout=1.0))

    assert why(posted(api, "carol", group="staff")) == (0, "holdout", None)
    assert why(posted(api, "alice")) == (1, "override", None)


def test_lookups_without_attributes_match_no_rule(api: Any) -> None:
    assert why(api.get("/v1/lookup", "application=prod/backend&user=carol"))[1:] == ("random", None)
    assert why(posted(api, "carol"))[1:] == ("random", None)


def test_exposures_say_which_users_were_not_at_random(api: Any, bench: Any) -> None:
    posted(api, "alice")
    posted(api, "carol", group="staff")
    posted(api, "carol")

    assert [exposure.arm.cohort for exposure in bench.writer.exposures] == ["override", "rule", ""]
    assert bench.writer.exposures[0].arm == bench.board.snapshot.routemaps["prod/backend"].arm(1, "override")


def test_a_value_of_a_user_who_was_never_exposed_counts_for_the_override(api: Any, bench: Any) -> None:
    value = {"application": "prod/backend", "user": "alice", "name": "revenue", "value": 1}

    api.post("/v1/metrics", json.dumps(value))

    assert bench.writer.values[0].fallback.cohort == "override"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("attribute.=x", "attribute."),
        ("attribute.a=x&attribute.a=y", "attribute.a"),
        (f"attribute.a={'x' * 1025}", "attribute.a"),
        (f"attribute.{'n' * 257}=x", "attribute." + "n" * 80 + "…"),
        ("attribute.a=%FF", "attribute.a"),
        ("attribute.gr%C3%B6%C3%9Fe=%FF", "attribute.größe"),
        ("attribute.%FF=x", "attribute.\ufffd"),
        ("attribute.%FF=", "attribute.\ufffd"),
        ("&".join(f"attribute.a{number}=x" for number in range(101)), "attribute"),
    ],
)
def test_a_bad_attribute_in_a_query_is_named(api: Any, bench: Any, query: str, field: str) -> None:
    answer = api.get("/v1/lookup", f"application=prod/backend&user=carol&{query}")

    assert (answer.status_code, answer.json["field"]) == (400, field)
    assert bench.writer.exposures == []


@pytest.mark.parametrize(
    ("written", "name", "text"),
    [
        ("attribute.gr%C3%B6%C3%9Fe=%C3%A4", "größe", "ä"),
        ("attribute.a.b=", "a.b", ""),
        ("attribute.a=%EF%BF%BD", "a", "\ufffd"),
        ("attribute%2Ea=b%26c", "a", "b&c"),
        ("attribute.a=18.0", "a", "18.0"),
        ("attribute.a=b,c", "a", "b,c"),
    ],
)
def test_attributes_in_a_query_are_any_texts(api: Any, bench: Any, written: str, name: str, text: str) -> None:
    declare(bench, Targeting(rules=(Rule("one", ((name, (text,)),), 1),)))

    assert why(api.get("/v1/lookup", f"application=prod/backend&user=carol&{written}")) == (1, "rule", "one")


@pytest.mark.parametrize(
    ("attributes", "field"),
    [
        ('{"a": null}', "attributes.a"),
        ('{"a": ["x"]}', "attributes.a"),
        ('{"a": {}}', "attributes.a"),
        ('{"a": 1e999}', "attributes.a"),
        ('{"a": %s}' % ("9" * 5000), "attributes.a"),
        ('{"a": NaN}', "body"),
        ('{"a": 1, "a": 2}', "a"),
        ('{"": "x"}', "attributes."),
        ('{"a": "%s"}' % ("x" * 1025), "attributes.a"),
        (json.dumps({str(number): "x" for number in range(101)}), "attributes"),
        ("null", "attributes"),
        ("[]", "attributes"),
        ('"a"', "attributes"),
    ],
)
def test_a_bad_attribute_in_a_body_is_named(api: Any, bench: Any, attributes: str, field: str) -> None:
    body = f'{{"application": "prod/backend", "user": "carol", "attributes": {attributes}}}'

    answer = api.post("/v1/lookup", body)

    assert (answer.status_code, answer.json["field"]) == (400, field)
    assert bench.writer.exposures == []
