"""OpenFeature's Python SDK on local evaluation, against the real server."""

from __future__ import annotations

import logging
import multiprocessing
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import uuid4

import httpx
import pytest
from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.evaluation_context import EvaluationContext
from openfeature.event import EventDetails, ProviderEvent
from openfeature.exception import ErrorCode, ProviderNotReadyError
from openfeature.provider import ProviderStatus
from openfeature.track import TrackingEventDetails

from iter8_gitops.board.publisher import BoardPublisher
from iter8_gitops.core.openfeature import changed_flags
from iter8_gitops.sdk import Client
from iter8_gitops.sdk.openfeature import Iter8Provider
from iter8_gitops.spec.routemap import Rule, Targeting
from tests.sdk.conftest import end, eventually
from tests.serving.boards import make_state
from tests.serving.servers import Server

CHANCE = random.Random(5)
USERS = [f"user-{CHANCE.randrange(10**9)}" for _ in range(50)]
ALICE = EvaluationContext("alice")
Register = Callable[..., OpenFeatureClient]


@pytest.fixture
def register() -> Iterator[Register]:
    """Registers a provider under a domain of its own, and gives the client of it."""

    def with_provider(provider: Iter8Provider) -> OpenFeatureClient:
        domain = uuid4().hex
        api.set_provider_and_wait(provider, domain)
        return api.get_client(domain)

    yield with_provider
    api.shutdown()


@pytest.fixture
def flags(server: Server, connect: Callable[..., Client], register: Register) -> OpenFeatureClient:
    return register(Iter8Provider(connect(server.url), tracked=["prod/backend"]))


def told(client: OpenFeatureClient, event: ProviderEvent) -> list[EventDetails]:
    """Every such event from now on."""
    events: list[EventDetails] = []
    client.add_handler(event, events.append)
    return events


def eventually_while_the_controller_lives(publisher: BoardPublisher, holds: Callable[[], object]) -> None:
    def beat_and_look() -> object:
        publisher.heartbeat(time.time())
        return holds()

    eventually(beat_and_look)


def change(publisher: BoardPublisher, state: Any) -> None:
    publisher.publish({state.application: state}, (), None, time.time())


def test_flags_are_what_ofrep_and_lookups_give_before_and_after_a_change(
    server: Server, flags: OpenFeatureClient, publisher: BoardPublisher
) -> None:
    rules = Targeting(rules=(Rule("staff", (("age", ("30",)), ("group", ("staff",))), 1),))
    for weights in ((90, 10), (10, 90)):
        changed = told(flags, ProviderEvent.PROVIDER_CONFIGURATION_CHANGED)
        change(publisher, replace(make_state("prod/backend", weights), targeting=rules))
        eventually(partial(len, changed))
        for user in USERS:
            attributes: dict[str, Any] = {"group": CHANCE.choice(["staff", "public"]), "age": 30}
            details = flags.get_integer_details("prod/backend", -1, EvaluationContext(user, attributes))
            answer = httpx.post(
                f"{server.url}/ofrep/v1/evaluate/flags/prod/backend",
                json={"context": {"targetingKey": user, **attributes}},
            ).json()
            assert (details.value, details.variant, details.reason) == (
                answer["value"],
                answer["variant"],
                answer["reason"],
            )
            # Staleness moves with the clock, which may tick between the two.
            assert {**details.flag_metadata, "stale": None} == {**answer["metadata"], "stale": None}


def test_a_flag_has_every_type_that_makes_sense(flags: OpenFeatureClient, publisher: BoardPublisher) -> None:
    version = flags.get_integer_value("prod/backend", -1, ALICE)

    assert flags.get_string_value("prod/backend", "", ALICE) == f"v{version}"
    assert flags.get_boolean_value("prod/backend", not version, ALICE) is bool(version)
    assert flags.get_boolean_value("shop", True, ALICE) is False
    known = flags.get_object_value("prod/backend", {}, ALICE)
    assert isinstance(known, dict)
    assert isinstance(known.pop("stale"), bool)
    assert known == {
        "version": version,
        "name": f"v{version}",
        "application": "prod/backend",
        "signature": ("aaaa", "bbbb")[version],
        "epoch": 3,
        "experiment": 0,
        "cohort": "",
    }
    mistyped = flags.get_float_details("prod/backend", 0.5, ALICE)
    assert (mistyped.value, mistyped.error_code) == (0.5, ErrorCode.TYPE_MISMATCH)


@pytest.mark.parametrize(
    ("key", "context", "code", "said"),
    [
        ("prod/bakend", ALICE, ErrorCode.FLAG_NOT_FOUND, "did you mean 'prod/backend'?"),
        ("a/b/c", ALICE, ErrorCode.FLAG_NOT_FOUND, "namespace/name"),
        ("", ALICE, ErrorCode.FLAG_NOT_FOUND, "missing or empty"),
        ("prod/backend", None, ErrorCode.TARGETING_KEY_MISSING, "targeting key"),
        ("prod/backend", EvaluationContext(), ErrorCode.TARGETING_KEY_MISSING, "targeting key"),
        ("prod/backend", EvaluationContext(""), ErrorCode.TARGETING_KEY_MISSING, "targeting key"),
        ("prod/backend", EvaluationContext("a" * 513), ErrorCode.INVALID_CONTEXT, "at most 512"),
        ("prod/backend", EvaluationContext("a\0"), ErrorCode.INVALID_CONTEXT, "control character"),
        ("prod/backend", EvaluationContext(7), ErrorCode.INVALID_CONTEXT, "must be a string"),  # type: ignore[arg-type]
        ("prod/backend", EvaluationContext("u", {"a": float("nan")}), ErrorCode.INVALID_CONTEXT, "finite"),
    ],
)
def test_what_cannot_be_evaluated_gives_the_default_and_says_why(
    flags: OpenFeatureClient, key: str, context: EvaluationContext | None, code: ErrorCode, said: str
) -> None:
    details = flags.get_integer_details(key, -1, context)

    assert (details.value, details.error_code, details.reason) == (-1, code, "ERROR")
    assert said in (details.error_message or "")


def test_lists_objects_and_times_are_no_attributes(flags: OpenFeatureClient) -> None:
    context = EvaluationContext("u", {"seen": ["a"], "at": datetime.now(UTC), "plan": {"name": "pro"}, "age": 3})

    assert flags.get_integer_details("prod/backend", -1, context).error_code is None


def test_every_evaluation_is_an_exposure_and_tracking_writes_metric_values(
    server: Server, connect: Callable[..., Client], register: Register
) -> None:
    client = connect(server.url)
    flags = register(Iter8Provider(client, tracked=["prod/backend"]))
    flags.get_boolean_value("prod/backend", False, ALICE)
    flags.get_float_value("prod/backend", 0.5, EvaluationContext("bob"))  # of another type: bob was given nothing

    flags.track("clicks", ALICE)
    flags.track("revenue", ALICE, TrackingEventDetails(12.5).add("transaction", "order-1"))
    flags.track("revenue", ALICE, TrackingEventDetails(12.5).add("transaction", "order-1"))
    flags.track("clicks", ALICE, TrackingEventDetails(2).add("application", ["shop", "prod/backend"]))
    assert client.flush()

    versions = httpx.get(f"{server.url}/v1/routemaps/prod/backend").json()["versions"]
    assert sum(version["exposedUsers"] for version in versions) == 1
    found = httpx.get(f"{server.url}/abnDashboard?namespace=prod&application=backend").json()
    assert _sums(found) == {"clicks": (2, 1.5), "revenue": (1, 12.5)}
    shop = httpx.get(f"{server.url}/abnDashboard?namespace=default&application=shop").json()
    assert _sums(shop) == {"clicks": (1, 2.0)}


def _sums(dashboard: dict[str, Any]) -> dict[str, tuple[int, float]]:
    """Metric -> count and mean of its only version."""
    summaries = {name: tables["SummaryOverTransactions"] for name, tables in dashboard.items()}
    return {name: (each["Count"], each["Mean"]) for name, (each,) in summaries.items()}


@pytest.mark.parametrize(
    ("context", "details", "said"),
    [
        (EvaluationContext(), None, "the evaluation context has no targeting key"),
        (None, None, "the evaluation context has no targeting key"),
        (ALICE, TrackingEventDetails().add("application", []), "application: is not named"),
        (ALICE, TrackingEventDetails().add("application", 3), "application: is not named"),
        (ALICE, TrackingEventDetails().add("application", [3]), "application: must be a string"),
        (ALICE, TrackingEventDetails().add("application", "prod/other"), "no application 'prod/other'"),
        (ALICE, TrackingEventDetails(float("inf")), "value: must be a finite number"),
        (ALICE, TrackingEventDetails().add("transaction", 3), "transaction: must be a string"),
    ],
)
def test_an_event_that_cannot_be_written_is_logged_and_hurts_nobody(
    flags: OpenFeatureClient,
    caplog: pytest.LogCaptureFixture,
    context: EvaluationContext | None,
    details: TrackingEventDetails | None,
    said: str,
) -> None:
    with caplog.at_level(logging.WARNING, "iter8_gitops.sdk"):
        flags.track("clicks", context, details)

    assert f"the event 'clicks' is not written: {said}" in caplog.text


def test_a_change_tells_which_flags_it_concerns(flags: OpenFeatureClient, publisher: BoardPublisher) -> None:
    changed = told(flags, ProviderEvent.PROVIDER_CONFIGURATION_CHANGED)

    change(publisher, make_state("prod/new"))
    eventually(lambda: changed)
    change(publisher, replace(make_state("prod/backend"), conditions=()))  # nothing that decides
    change(publisher, make_state("prod/backend", (1, 1)))
    eventually(lambda: len(changed) == 2)
    publisher.publish({}, ["prod/new"], None, time.time())
    eventually(lambda: len(changed) == 3)

    assert [event.flags_changed for event in changed] == [["prod/new"], ["prod/backend"], ["prod/new"]]


def test_flags_of_the_same_board_have_not_changed() -> None:
    state = make_state("prod/a")

    assert changed_flags({"prod/a": state}, {"prod/a": replace(state, problems=())}) == []
    assert changed_flags({"prod/a": state, "prod/c": state}, {"prod/a": state, "prod/b": state}) == ["prod/b", "prod/c"]


@pytest.mark.slow
def test_a_server_that_goes_away_makes_flags_stale_and_its_return_makes_them_ready(
    start: Callable[..., Server],
    state: Any,
    publisher: BoardPublisher,
    connect: Callable[..., Client],
    register: Register,
) -> None:
    server = start(state)
    flags = register(Iter8Provider(connect(server.url)))
    eventually_while_the_controller_lives(publisher, lambda: flags.get_provider_status() is ProviderStatus.READY)
    version = flags.get_integer_value("prod/backend", -1, ALICE)
    stale = told(flags, ProviderEvent.PROVIDER_STALE)

    end(server)
    # The status changes a moment before those who listen are told.
    eventually(lambda: flags.get_provider_status() is ProviderStatus.STALE and stale)
    assert stale[-1].message
    assert flags.get_integer_value("prod/backend", -1, ALICE) == version

    ready = told(flags, ProviderEvent.PROVIDER_READY)
    start(state, http_port=server.port)
    eventually_while_the_controller_lives(
        publisher, lambda: flags.get_provider_status() is ProviderStatus.READY and ready
    )
    assert [event.message for event in ready] == ["the board is up to date"]


@pytest.mark.slow
def test_a_server_that_comes_late_is_an_error_first_and_ready_then(
    start: Callable[..., Server], state: Any, publisher: BoardPublisher, connect: Callable[..., Client]
) -> None:
    server = start(state)
    end(server)
    domain = uuid4().hex
    provider = Iter8Provider(connect(server.url), ready_seconds=0.2)
    with pytest.raises(ProviderNotReadyError):
        api.set_provider_and_wait(provider, domain)
    flags = api.get_client(domain)
    assert flags.get_provider_status() is ProviderStatus.ERROR
    assert flags.get_integer_details("prod/backend", -1, ALICE).error_code is ErrorCode.PROVIDER_NOT_READY

    start(state, http_port=server.port)
    eventually_while_the_controller_lives(publisher, lambda: flags.get_provider_status() is ProviderStatus.READY)
    assert flags.get_integer_details("prod/backend", -1, ALICE).error_code is None
    api.shutdown()


def test_a_provider_with_a_url_has_a_client_of_its_own_and_sends_what_waits_at_the_end(
    server: Server, register: Register
) -> None:
    provider = Iter8Provider(server.url)
    assert provider.get_metadata().name == "iter8-gitops"
    flags = register(provider)
    flags.get_integer_value("prod/backend", -1, ALICE)

    provider.shutdown()

    versions = httpx.get(f"{server.url}/v1/routemaps/prod/backend").json()["versions"]
    assert sum(version["exposedUsers"] for version in versions) == 1
    with pytest.raises(ProviderNotReadyError):
        provider.resolve_integer_details("prod/backend", -1, ALICE)


def _child(provider: Iter8Provider, publisher_may_go_on: Any, changed: Any) -> None:
    events: list[Any] = []
    provider.attach(lambda _, event, details: events.append((event, details.flags_changed)))
    publisher_may_go_on.set()
    eventually(lambda: events)
    changed.put(events[0])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_is_told_of_changes_too(
    server: Server, connect: Callable[..., Client], publisher: BoardPublisher
) -> None:
    provider = Iter8Provider(connect(server.url))
    provider.initialize(EvaluationContext())
    fork = multiprocessing.get_context("fork")
    listening, changed = fork.Event(), fork.Queue()
    child = fork.Process(target=_child, args=(provider, listening, changed))
    child.start()
    assert listening.wait(30)

    change(publisher, make_state("prod/backend", (1, 1)))

    assert changed.get(timeout=30) == (ProviderEvent.PROVIDER_CONFIGURATION_CHANGED, ["prod/backend"])
    child.join(30)
    provider.shutdown()
