from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from iter8_gitops.core.assignment import Assigner
from iter8_gitops.spec.snapshot import Snapshot, SourceStatus


def test_a_lookup_says_which_version_the_user_gets_and_what_it_is(api: Any, bench: Any) -> None:
    answer = api.get("/v1/lookup", "application=prod/backend&user=alice")

    expected = Assigner.of("prod/backend", "", (90, 10)).version_of("alice")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json == {
        "application": "prod/backend",
        "versionNumber": expected,
        "versionName": f"v{expected}",
        "signature": ("aaaa", "bbbb")[expected],
        "stale": False,
        "reason": "random",
        "rule": None,
    }


def test_a_lookup_records_the_exposure_with_its_signature_and_epoch(api: Any, bench: Any) -> None:
    answer = api.get("/v1/lookup", "application=prod/backend&user=alice")

    (exposure,) = bench.writer.exposures
    assert exposure.user == "alice"
    assert exposure.arm == bench.board.snapshot.routemaps["prod/backend"].arm(answer.json["versionNumber"])


@pytest.mark.parametrize("name", ["default/shop-routemap", "default/shop", "shop", "shop-routemap"])
def test_short_names_find_the_routemap_as_in_iter8(api: Any, name: str) -> None:
    assert api.get("/v1/lookup", f"application={name}&user=u").json["application"] == "default/shop-routemap"


def test_an_exact_name_wins_over_the_one_with_a_suffix(api: Any, bench: Any, make_state: Any) -> None:
    routemaps = bench.board.snapshot.routemaps
    bench.board.snapshot = replace(
        bench.board.snapshot, routemaps={**routemaps, "default/shop": make_state("default/shop")}
    )

    assert api.get("/v1/lookup", "application=shop&user=u").json["application"] == "default/shop"


def test_users_are_spread_by_weight_and_follow_a_new_state(api: Any, bench: Any, make_state: Any) -> None:
    def shares() -> Counter[int]:
        answers = (bench.experiments.lookup("prod/backend", f"user-{number}") for number in range(500))
        return Counter(answer.version_number for answer in answers)

    assert set(shares()) == {0, 1}

    promoted = make_state("prod/backend", (0, 1))
    bench.board.snapshot = replace(
        bench.board.snapshot, routemaps={**bench.board.snapshot.routemaps, "prod/backend": promoted}
    )
    assert shares() == {1: 500}


def test_a_routemap_that_nothing_has_settled_in_still_answers_with_the_primary(api: Any) -> None:
    answer = api.get("/v1/lookup", "application=prod/cold&user=u").json

    assert (answer["versionNumber"], answer["signature"]) == (0, "")


def test_a_lookup_before_the_first_snapshot_is_unavailable(api: Any, bench: Any) -> None:
    bench.board.snapshot = Snapshot()

    answer = api.get("/v1/lookup", "application=prod/backend&user=u")

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert "published" in answer.json["description"]


def test_bad_input_is_named_even_before_the_first_snapshot(api: Any, bench: Any) -> None:
    bench.board.snapshot = Snapshot()

    assert api.get("/v1/lookup", "application=a/b/c&user=u").json["field"] == "application"


def test_a_silent_controller_makes_answers_stale_within_a_second(api: Any, bench: Any) -> None:
    assert not api.get("/v1/lookup", "application=prod/backend&user=u").json["stale"]

    bench.now += 3600
    assert api.get("/v1/lookup", "application=prod/backend&user=u").json["stale"]

    bench.board.snapshot = replace(bench.board.snapshot, controller_at=bench.now)
    bench.now += 1.5
    assert not api.get("/v1/lookup", "application=prod/backend&user=u").json["stale"]


def test_a_clock_that_is_set_back_does_not_freeze_staleness(bench: Any) -> None:
    assert not bench.experiments.lookup("prod/backend", "u").stale

    bench.now -= 86400
    bench.board.snapshot = replace(bench.board.snapshot, controller_at=bench.now - 60)

    assert bench.experiments.lookup("prod/backend", "u").stale


def test_an_unknown_application_is_404_with_a_suggestion(api: Any) -> None:
    answer = api.get("/v1/lookup", "application=staging/backend&user=u")

    assert answer.status_code == 404
    assert answer.json["field"] == "application"
    assert answer.json["description"] == "no application 'staging/backend'; did you mean 'prod/backend'?"


def test_a_typing_error_gets_a_suggestion(api: Any) -> None:
    assert "did you mean 'prod/backend'?" in api.get("/v1/lookup", "application=prod/bakend&user=u").json["description"]


def test_forgotten_applications_do_not_pile_up(bench: Any, make_state: Any, make_snapshot: Any) -> None:
    for number in range(20):
        name = f"prod/a{number}"
        bench.board.snapshot = make_snapshot(make_state(name))
        bench.experiments.lookup(name, "u")

    assert len(bench.experiments._cohorts._instant.prepared) <= 2


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "application"),
        ("user=u", "application"),
        ("application=&user=u", "application"),
        ("application=prod/backend", "user"),
        ("application=prod/backend&user=", "user"),
        ("application=prod/backend&user=a&user=b", "user"),
        ("application=prod/backend&application=prod/backend&user=b", "application"),
        ("application=prod/backend&user=%00", "user"),
        ("application=prod/backend&user=a%0Ab", "user"),
        ("application=prod/backend&user=%C2%85", "user"),
        ("application=prod/backend&user=%FF%FE", "user"),
        ("application=prod/backend&user=%ED%A0%80", "user"),
        ("application=%FF&user=u", "application"),
        ("application=prod%00/backend&user=u", "application"),
        ("application=a/b/c&user=u", "application"),
        ("application=/backend&user=u", "application"),
        ("application=prod/&user=u", "application"),
        ("application=/&user=u", "application"),
        (f"application={'a' * 513}&user=u", "application"),
        (f"application=prod/backend&user={'a' * 513}", "user"),
    ],
)
def test_a_bad_query_is_400_and_names_the_field(api: Any, bench: Any, query: str, field: str) -> None:
    answer = api.get("/v1/lookup", query)

    assert answer.status_code == 400
    assert answer.json["field"] == field
    assert bench.writer.exposures == []


@pytest.mark.parametrize(
    ("written", "user"),
    [
        ("J%C3%BCrgen", "Jürgen"),
        ("a%2Fb%3Ac", "a/b:c"),
        ("a+b", "a b"),
        ("%EF%BF%BD", "\ufffd"),
        ("%F0%9F%98%80", "😀"),
        ("a,b", "a,b"),
        ("x" * 512, "x" * 512),
    ],
)
def test_any_clean_text_is_a_user(api: Any, bench: Any, written: str, user: str) -> None:
    assert api.get("/v1/lookup", f"application=prod/backend&user={written}").status_code == 200
    assert bench.writer.exposures[0].user == user


def test_unknown_query_parameters_are_ignored(api: Any) -> None:
    assert api.get("/v1/lookup", "application=prod/backend&user=u&trace=%FF").status_code == 200


def test_while_a_source_was_never_read_known_applications_are_answered_and_others_may_come(
    api: Any, bench: Any
) -> None:
    away = SourceStatus("new", "git new", failing_since=1.0, message="it is refused")
    snapshot = bench.board.snapshot
    bench.board.snapshot = replace(snapshot, sources=(*snapshot.sources, away))

    assert api.get("/v1/lookup", "application=prod/backend&user=u").status_code == 200
    assert api.get("/readyz").status_code == 200
    assert api.get("/v1/routemaps").status_code == 200
    answer = api.get("/v1/lookup", "application=prod/other&user=u")
    assert answer.status_code == 503
    assert "no application 'prod/other' is known so far: source git new has failed" in answer.json["description"]
