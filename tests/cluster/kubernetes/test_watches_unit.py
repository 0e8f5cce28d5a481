"""How one kind is followed when discovery and watches say strange things, with both of them played by the test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest

from iter8_gitops.cluster.kubernetes.following import Callbacks, FollowedKind
from iter8_gitops.cluster.kubernetes.relevance import is_relevant
from iter8_gitops.cluster.kubernetes.states import KindState, NotServed, Pending, Served
from iter8_gitops.kube.discovery import UNCONFIRMED, Discovery
from iter8_gitops.kube.endpoint import Endpoint
from iter8_gitops.kube.errors import KubeError, KubeForbiddenError, KubeNotFoundError, KubeUnreachableError
from iter8_gitops.kube.reflector import Reflector
from iter8_gitops.kube.store import Change

KIND = ("apps", "Deployment")
V1 = Endpoint("apps", "v1", "Deployment", "deployments", True, frozenset({"list", "watch"}))
V2 = Endpoint("apps", "v2", "Deployment", "deployments", True, frozenset({"list", "watch"}))


def _object(name: str, version: str = "v1", **sections: Any) -> dict[str, Any]:
    metadata = {"namespace": "shop", "name": name, "resourceVersion": "1"}
    return {"apiVersion": f"apps/{version}", "kind": "Deployment", "metadata": metadata, **sections}


class FakeReflector:
    """Does what the test says."""

    def __init__(
        self, endpoint: Endpoint, on_change: Callable[[Sequence[Change]], None], on_health: Callable[[], None]
    ) -> None:
        self.endpoint = endpoint
        self._on_change = on_change
        self._on_health = on_health
        self._objects: dict[str, dict[str, Any]] = {}
        self.synced = False
        self.failure: KubeError | None = None
        self.running = False

    def start(self) -> None:
        self.running = True

    def stop(self) -> None:
        self.running = False

    def get(self, namespace: str, name: str) -> dict[str, Any] | None:
        return self._objects.get(name)

    def objects(self) -> list[dict[str, Any]]:
        return list(self._objects.values())

    def list(self, *objects: dict[str, Any]) -> None:
        self._objects = {each["metadata"]["name"]: each for each in objects}
        self.synced, self.failure = True, None
        self._on_change([Change(None, each) for each in objects])
        self._on_health()

    def fail(self, failure: KubeError) -> None:
        self.failure = failure
        self._on_health()


class World:
    """One followed kind, with discovery and its reflectors."""

    def __init__(self) -> None:
        self.found: Endpoint | KubeError | None = V1
        self.reflectors: list[FakeReflector] = []
        self.changes: list[Change] = []
        self.states: list[type] = []
        self.checks = 0
        self.now = 1000.0
        callbacks = Callbacks(self._changed, self._state, self._check)
        self.kind = FollowedKind(
            KIND, cast("Discovery", self), cast("Any", self._make), callbacks, clock=lambda: self.now
        )

    def find(self, group: str, kind: str) -> Endpoint | None:
        assert (group, kind) == KIND
        if isinstance(self.found, KubeError):
            raise self.found
        return self.found

    def forget(self, group: str) -> None:
        pass

    @property
    def reflector(self) -> FakeReflector:
        return self.reflectors[-1]

    def _make(self, *arguments: Any) -> Reflector:
        self.reflectors.append(FakeReflector(*arguments))
        return cast("Reflector", self.reflector)

    def _changed(self, kind: tuple[str, str], changes: Sequence[Change]) -> None:
        self.changes.extend(changes)

    def _state(self, kind: tuple[str, str]) -> None:
        self.states.append(type(self.kind.state))

    def _check(self, kind: tuple[str, str]) -> None:
        self.checks += 1


@pytest.fixture
def world() -> World:
    return World()


def _state(world: World) -> KindState:
    return world.kind.state


def test_a_kind_is_pending_until_its_first_list_is_complete(world: World) -> None:
    assert _state(world) == Pending("waiting for the first list of Deployment (apps)")
    world.kind.check()
    assert isinstance(_state(world), Pending)
    assert world.reflector.running
    world.reflector.list(_object("web"))
    assert _state(world) == Served(V1)
    assert world.kind.get("shop", "web") == _object("web")
    assert world.states == [Served]
    assert world.kind.check() is None


def test_a_cluster_that_cannot_be_asked_leaves_a_new_kind_pending_with_the_reason(world: World) -> None:
    world.found = KubeUnreachableError("connection refused")
    assert world.kind.check() is not None
    said = "waiting for the first list of Deployment (apps): connection refused"
    assert _state(world) == Pending(said, failing=True)


def test_a_kind_is_served_as_soon_as_it_is_installed(world: World) -> None:
    world.found = KubeUnreachableError("does not serve the kind as yet", reason=UNCONFIRMED)
    world.kind.check()
    unsure = _state(world)
    assert isinstance(unsure, Pending)
    assert not unsure.failing
    world.found = None
    world.kind.check()
    said = "the cluster serves no Deployment of group apps; install its CustomResourceDefinition"
    assert _state(world) == NotServed("KindNotInstalled", said)
    world.found = V1
    world.kind.check()
    world.reflector.list()
    assert world.states == [Pending, NotServed, Pending, Served] or world.states[-1] is Served


def test_objects_stay_while_it_is_not_certain_that_their_kind_is_gone(world: World) -> None:
    world.kind.check()
    world.reflector.list(_object("web"))
    world.reflector.fail(KubeNotFoundError("the server could not find the requested resource", status=404))
    for found in (KubeUnreachableError("starting"), V1):
        world.found = found
        assert world.kind.check() is not None
        assert world.kind.get("shop", "web") is not None
        assert _state(world) == Served(V1)
        assert world.kind.failure is world.reflector.failure


def test_objects_vanish_with_their_kind(world: World) -> None:
    world.kind.check()
    first = world.reflector
    first.list(_object("web"))
    first.fail(KubeNotFoundError("not found", status=404))
    world.found = None
    world.kind.check()
    assert isinstance(_state(world), NotServed)
    assert world.changes[-1] == Change(_object("web"), None)
    assert (world.kind.get("shop", "web"), world.kind.objects(), world.kind.failure) == (None, [], None)
    assert not first.running


def test_a_refusal_counts_when_it_lasts_but_expired_credentials_never_do(world: World) -> None:
    world.kind.check()
    world.reflector.fail(KubeForbiddenError("Unauthorized", status=401))
    world.now += 60
    world.kind.check()
    assert isinstance(_state(world), Pending)
    world.reflector.fail(KubeForbiddenError("no", status=403))
    assert isinstance(_state(world), Pending)
    world.now += 4.1
    world.kind.check()
    said = "the service account may not list deployments.apps: no"
    assert _state(world) == NotServed("Forbidden", said)
    world.reflector.list()
    assert world.states == [Pending, NotServed, Served] or world.states[-2:] == [NotServed, Served]


def test_a_kind_that_was_listed_stays_observable_when_it_is_refused_later(world: World) -> None:
    world.kind.check()
    world.reflector.list(_object("web"))
    world.reflector.fail(KubeForbiddenError("no", status=403))
    world.now += 60
    world.kind.check()
    assert _state(world) == Served(V1)
    assert world.kind.failure is not None


def test_when_a_kind_moves_to_another_version_the_old_cache_answers_until_the_new_one_is_complete(
    world: World,
) -> None:
    world.kind.check()
    old = world.reflector
    old.list(_object("web"), _object("old"))
    old.fail(KubeNotFoundError("not found", status=404))
    world.found = V2
    world.kind.check()
    new = world.reflector
    assert new is not old
    assert world.kind.get("shop", "web") == _object("web")
    new.list(_object("web", "v2"))
    world.kind.check()
    assert world.kind.get("shop", "web") == _object("web", "v2")
    assert _state(world) == Served(V2)
    assert Change(_object("old"), None) in world.changes
    assert Change(_object("web"), _object("web", "v2")) in world.changes
    assert (old.running, new.running) == (False, True)


def test_a_kind_without_watch_is_said_to_be_so(world: World) -> None:
    world.found = Endpoint("apps", "v1", "Deployment", "deployments", True, frozenset({"create"}))
    world.kind.check()
    state = _state(world)
    assert isinstance(state, NotServed)
    assert state.reason == "NotWatchable"


def test_after_stop_nothing_is_called(world: World) -> None:
    world.kind.check()
    world.kind.stop()
    assert not world.reflector.running
    world.reflector.list(_object("web"))
    assert (world.changes, world.states, world.checks) == ([], [], 0)


def test_a_check_after_stop_starts_nothing(world: World) -> None:
    world.kind.stop()
    world.kind.check()
    assert not any(each.running for each in world.reflectors)


@pytest.mark.parametrize(
    ("after", "relevant"),
    [
        (_object("web"), False),
        ({**_object("web"), "metadata": {"namespace": "shop", "name": "web", "resourceVersion": "2"}}, False),
        ({**_object("web"), "metadata": {**_object("web")["metadata"], "managedFields": [{}]}}, False),
        ({**_object("web"), "metadata": {**_object("web")["metadata"], "labels": {"a": "b"}}}, True),
        ({**_object("web"), "metadata": {**_object("web")["metadata"], "annotations": {"a": "b"}}}, True),
        ({**_object("web"), "metadata": {**_object("web")["metadata"], "deletionTimestamp": "now"}}, True),
        (_object("web", status={"a": 1}), True),
        (_object("web", data={"a": "1"}), True),
        (_object("web", "v2"), True),
        (None, True),
    ],
)
def test_a_change_of_bookkeeping_alone_is_not_relevant(after: dict[str, Any] | None, relevant: bool) -> None:
    assert is_relevant(Change(_object("web"), after)) is relevant


def test_true_in_the_place_of_one_is_relevant() -> None:
    assert is_relevant(Change(_object("web", spec={"a": 1}), _object("web", spec={"a": True})))
