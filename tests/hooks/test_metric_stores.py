"""A metric store of a plugin that answers nonsense, or breaks: the plugin is named, and nothing else suffers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from iter8_gitops.contracts.metric_store import MetricStore, MetricStoreRequest
from iter8_gitops.errors import BrokenPluginError, Iter8Error, UnavailableError
from iter8_gitops.hooks import hookimpl
from iter8_gitops.hooks.manager import Plugins
from iter8_gitops.metrics.sqlite import SqliteMetricStore
from iter8_gitops.metrics.writer import GroupCommitWriter
from iter8_gitops.spec.metric import ArmStatistics, Distribution, Summary, UserSums, VersionMetric
from iter8_gitops.testing.streams import arm, value

APPLICATION = "shop/web"
replace: Any = dataclasses.replace
"""Without types, which nonsense does not have."""
CURRENT = {0: "sig"}
SUMMARY = Summary(1, 2.0, 0.0, 2.0, 2.0)
DISTRIBUTION = Distribution(SUMMARY, ((2.0, 1),))
METRIC = VersionMetric(0, DISTRIBUTION, DISTRIBUTION)
ARM = ArmStatistics(0, 5, 1, 1, {"sales": UserSums(1, 1, (2.0, 0.0), (4.0, 0.0))}, {("sales", "visits"): (0.0, 0.0)})


class Scripted:
    """Answers what a test says, or raises it."""

    def __init__(self, answer: object) -> None:
        self._answer = answer

    def record(self, *_: object) -> Any:
        return self._said()

    def report(self, *_: object) -> Any:
        return self._said()

    def exposed_users(self, *_: object) -> Any:
        return self._said()

    def statistics(self, *_: object) -> Any:
        return self._said()

    def close(self) -> None:
        self._said()

    def _said(self) -> object:
        if isinstance(self._answer, BaseException):
            raise self._answer
        return self._answer


def opened(store: MetricStore) -> MetricStore:
    @hookimpl
    def open_metric_store(request: MetricStoreRequest) -> MetricStore | None:
        return store if request.url == "odd:" else None

    plugins = Plugins.load(entry_points=False, extra={"odd": SimpleNamespace(open_metric_store=open_metric_store)})
    return plugins.open_metric_store(MetricStoreRequest("odd:", Path("unused")))


CALLS: dict[str, Callable[[MetricStore], object]] = {
    "record": lambda store: store.record([], [value(1)]),
    "report": lambda store: store.report(APPLICATION, CURRENT),
    "exposed_users": lambda store: store.exposed_users(APPLICATION, CURRENT),
    "statistics": lambda store: store.statistics(APPLICATION, CURRENT, [("sales", "visits")]),
    "close": lambda store: store.close(),
}


def test_what_a_sound_store_answers_passes(tmp_path: Path) -> None:
    sqlite = SqliteMetricStore(tmp_path / "metrics.db")
    store = opened(sqlite)
    pair = ("sales", "visits")
    store.record([], [value(2, products=(pair,)), value(3, name="visits", products=(pair,))])
    assert store.report(APPLICATION, CURRENT) == sqlite.report(APPLICATION, CURRENT) != {}
    assert store.exposed_users(APPLICATION, {0: "sig", 1: "none"}) == {0: 1, 1: 0}
    (found,) = store.statistics(APPLICATION, CURRENT, [pair])
    assert found.products == {pair: (6.0, 0.0)}
    store.close()
    for call in CALLS.values():
        if call is not CALLS["close"]:
            with pytest.raises(UnavailableError, match="closed"):
                call(store)


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        ("report", {"sales": [METRIC]}),
        ("report", {"sales": (replace(METRIC, over_users=Distribution(replace(SUMMARY, mean=2), ((2, 1),))),)}),
        ("exposed_users", {0: 3, 7: 1}),
        ("statistics", [ARM, replace(ARM, epoch=6), replace(ARM, version=1)]),
    ],
)
def test_lists_for_tuples_and_whole_numbers_will_do(call: str, answer: object) -> None:
    assert CALLS[call](opened(Scripted(answer))) is not None


NONSENSE = [
    ("report", None, "is of type NoneType, not Mapping"),
    ("report", [("sales", METRIC)], "is of type list, not Mapping"),
    ("report", {7: (METRIC,)}, "key 7 is of type int, not str"),
    ("report", {"sales": METRIC}, "['sales'] is of type VersionMetric, not tuple"),
    ("report", {"sales": ({"version": 0},)}, "['sales'][0] is of type dict, not VersionMetric"),
    ("report", {"sales": (replace(METRIC, version="0"),)}, "['sales'][0].version is of type str, not int"),
    (
        "report",
        {"sales": (replace(METRIC, over_users=replace(DISTRIBUTION, counts=((2.0, "1"),))),)},
        "['sales'][0].over_users.counts[0][1] is of type str, not int",
    ),
    (
        "report",
        {"sales": (METRIC, replace(METRIC, over_transactions=replace(DISTRIBUTION, summary=None)))},
        "['sales'][1].over_transactions.summary is of type NoneType, not Summary",
    ),
    (
        "report",
        {"sales": (replace(METRIC, over_users=replace(DISTRIBUTION, summary=replace(SUMMARY, mean=float("nan")))),)},
        "['sales'][0].over_users.summary.mean is nan",
    ),
    ("exposed_users", {"0": 1}, "key '0' is of type str, not int"),
    ("exposed_users", {0: "1"}, "[0] is of type str, not int"),
    ("exposed_users", {0: True}, "[0] is of type bool, not int"),
    ("exposed_users", {}, "it says nothing of version 0"),
    ("exposed_users", 3, "is of type int, not Mapping"),
    ("statistics", {}, "is of type dict, not tuple"),
    ("statistics", (ARM, None), "[1] is of type NoneType, not ArmStatistics"),
    ("statistics", (replace(ARM, metrics=[]),), "[0].metrics is of type list, not Mapping"),
    ("statistics", (replace(ARM, users="1"),), "[0].users is of type str, not int"),
    ("statistics", (replace(ARM, products={"sales": (0.0, 0.0)}),), "[0].products"),
    (
        "statistics",
        (replace(ARM, products={("sales", "visits"): 4.0}),),
        "[0].products[('sales', 'visits')] is of type float, not a tuple of 2",
    ),
    ("statistics", (ARM, ARM), "its versions and epochs do not ascend"),
    ("statistics", (replace(ARM, version=1), ARM), "its versions and epochs do not ascend"),
]


@pytest.mark.parametrize(("call", "answer", "said"), NONSENSE)
def test_nonsense_is_refused_with_the_plugin_and_the_place(call: str, answer: object, said: str) -> None:
    with pytest.raises(BrokenPluginError) as caught:
        CALLS[call](opened(Scripted(answer)))
    assert str(caught.value).startswith(
        f"the metric store of plugin extra:odd answered {call} with what is no answer: "
    )
    assert said in str(caught.value)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("error", [KeyError("password"), SystemExit(3), RecursionError()], ids=repr)
def test_a_store_that_breaks_is_named_without_what_it_said(call: str, error: BaseException) -> None:
    with pytest.raises(BrokenPluginError) as caught:
        CALLS[call](opened(Scripted(error)))
    said = str(caught.value)
    assert f"plugin extra:odd broke in {call}: {type(error).__name__} in test_metric_stores.py line" in said
    assert "password" not in said


@pytest.mark.parametrize("call", CALLS)
def test_what_a_store_may_raise_stays_what_it_is(call: str) -> None:
    with pytest.raises(UnavailableError, match="away"):
        CALLS[call](opened(Scripted(UnavailableError("the server is away"))))


@pytest.mark.parametrize("error", [RuntimeError("odd"), UnavailableError("the server is away")], ids=repr)
def test_writers_are_told_by_name_too(error: Exception) -> None:
    writer = GroupCommitWriter(opened(Scripted(error)))
    future: Future[None] = writer.submit([value(1, fallback=arm())])
    with pytest.raises(Iter8Error, match=r"plugin extra:odd broke in record|the server is away"):
        future.result(20)
    writer.close()
