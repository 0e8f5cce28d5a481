"""`GET /v1/routemaps/{namespace}/{name}/history`: what happened to an application."""

from __future__ import annotations

from typing import Any

import pytest

from iter8_gitops.spec.history import HistoryEntry


def entry(reason: str, application: str = "prod/backend", **more: Any) -> HistoryEntry:
    return HistoryEntry(application, 1_700_000_000.0, reason, f"{reason} happened", **more)


def test_the_newest_change_comes_first_with_time_revision_author_and_reason(api: Any, bench: Any) -> None:
    known = {"source": "git", "revision": "0123abc", "author": "Ada <ada@example.org>"}
    bench.history.told = [
        entry("Declared"),
        entry("WeightsChanged", "prod/other"),
        entry("Promoted", version=0, **known),
    ]
    answer = api.get("/v1/routemaps/prod/backend/history").json
    assert [each["reason"] for each in answer["entries"]] == ["Promoted", "Declared"]
    assert answer["entries"][0] == {
        "id": 3,
        "at": "2023-11-14T22:13:20.000+00:00",
        "reason": "Promoted",
        "message": "Promoted happened",
        "warning": False,
        "version": 0,
        **known,
    }
    assert answer["next"] is None


def test_a_long_history_comes_in_pages(api: Any, bench: Any) -> None:
    bench.history.told = [entry(f"Change{number}") for number in range(5)]
    first = api.get("/v1/routemaps/prod/backend/history", "limit=2").json
    second = api.get("/v1/routemaps/prod/backend/history", f"limit=2&before={first['next']}").json
    third = api.get("/v1/routemaps/prod/backend/history", f"limit=2&before={second['next']}").json
    seen = [each["reason"] for page in (first, second, third) for each in page["entries"]]
    assert seen == ["Change4", "Change3", "Change2", "Change1", "Change0"]
    assert third["next"] is None


def test_an_application_that_is_gone_still_has_its_history_and_one_without_any_has_none(api: Any, bench: Any) -> None:
    bench.history.told = [entry("Withdrawn", "prod/gone")]
    assert api.get("/v1/routemaps/prod/gone/history").json["entries"][0]["reason"] == "Withdrawn"
    assert api.get("/v1/routemaps/prod/backend/history").json["entries"] == []


def test_the_suffix_of_routemaps_may_be_left_out(api: Any, bench: Any) -> None:
    bench.history.told = [entry("Declared", "default/shop-routemap")]
    answer = api.get("/v1/routemaps/default/shop/history").json
    assert (answer["application"], len(answer["entries"])) == ("default/shop-routemap", 1)


@pytest.mark.parametrize(
    ("path", "status", "field", "said"),
    [
        ("prod/nowhere/history", 404, "name", "nowhere"),
        ("prod/backend/history?limit=0", 400, "limit", "1 to 1000"),
        ("prod/backend/history?limit=1001", 400, "limit", "1 to 1000"),
        ("prod/backend/history?limit=-1", 400, "limit", "'-1' is not a whole number"),
        ("prod/backend/history?before=soon", 400, "before", "'soon' is not a whole number"),
        (
            "prod/backend/history?before=9999999999999999999",
            400,
            "before",
            "9' is not a whole number",
        ),
        ("prod/backend/history?limit=1&limit=2", 400, "limit", "more than once"),
    ],
)
def test_a_mistake_names_its_field(api: Any, path: str, status: int, field: str, said: str) -> None:
    path, _, query = path.partition("?")
    answer = api.get(f"/v1/routemaps/{path}", query)
    assert (answer.status_code, answer.json["field"]) == (status, field)
    assert said in answer.json["description"]
