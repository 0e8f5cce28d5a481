"""Where kinds are served, and when it is certain that one is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from iter8_gitops.kube.discovery import UNCONFIRMED, Discovery
from iter8_gitops.kube.endpoint import Endpoint
from iter8_gitops.kube.errors import KubeForbiddenError, KubeUnreachableError
from tests.kube.fake_api import Answer, FakeApi, Request, answer, fake_api, status_answer

_VERBS = ["get", "list", "patch", "watch"]


class _Server:
    """Answers discovery from `groups`: group, then version (the preferred one first), then resources."""

    def __init__(self) -> None:
        self.groups: dict[str, dict[str, list[dict[str, Any]]]] = {
            "": {"v1": [_resource("configmaps", "ConfigMap"), _resource("pods/log", "Pod")]},
            "x.test": {
                "v2": [_resource("things", "Thing"), _resource("things/scale", "Scale")],
                "v1": [_resource("things", "Thing"), _resource("olds", "Old", namespaced=False)],
            },
        }
        self.broken: dict[str, Answer] = {}
        self.is_ready = True

    def __call__(self, request: Request) -> Answer:
        if request.path == "/readyz":
            return Answer(200, b"ok") if self.is_ready else Answer(500, b"[-]informer-sync failed")
        for path, said in self.broken.items():
            if request.path.startswith(path):
                return said
        parts = request.path.strip("/").split("/")
        if parts == ["apis"]:
            return answer({"groups": [{"name": name} for name in self.groups if name]})
        group, version = ("", parts[1:]) if parts[0] == "api" else (parts[1], parts[2:])
        versions = self.groups.get(group)
        if versions is None or (version and version[0] not in versions):
            return Answer(404, b"404 page not found")
        if version:
            return answer({"kind": "APIResourceList", "resources": versions[version[0]]})
        if not group:
            return answer({"kind": "APIVersions", "versions": list(versions)})
        # The preferred version need not be the first.
        named = [{"version": each} for each in reversed(versions)]
        return answer({"kind": "APIGroup", "versions": named, "preferredVersion": {"version": next(iter(versions))}})


def _resource(plural: str, kind: str, *, namespaced: bool = True) -> dict[str, Any]:
    return {"name": plural, "kind": kind, "namespaced": namespaced, "verbs": _VERBS}


class _Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def server() -> _Server:
    return _Server()


@pytest.fixture
def api(tmp_path: Path, server: _Server) -> Iterator[FakeApi]:
    with fake_api(tmp_path, server) as api:
        yield api


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
def discovery(api: FakeApi, clock: _Clock) -> Discovery:
    return Discovery(api.client(), clock=clock)


def _is_unconfirmed(discovery: Discovery, group: str = "x.test", kind: str = "Thing") -> bool:
    with pytest.raises(KubeUnreachableError) as caught:
        discovery.find(group, kind)
    return caught.value.reason == UNCONFIRMED


def test_a_kind_is_found_in_the_preferred_version(discovery: Discovery) -> None:
    assert discovery.find("x.test", "Thing") == Endpoint("x.test", "v2", "Thing", "things", True, frozenset(_VERBS))
    assert discovery.find("", "ConfigMap") == Endpoint("", "v1", "ConfigMap", "configmaps", True, frozenset(_VERBS))


def test_a_kind_that_only_another_version_has_is_found_there(discovery: Discovery) -> None:
    old = discovery.find("x.test", "Old")

    assert old is not None
    assert (old.version, old.namespaced, old.path("ignored")) == ("v1", False, "/apis/x.test/v1/olds")


def test_a_plural_is_found(discovery: Discovery) -> None:
    things = discovery.find_plural("x.test", "things")

    assert things is not None
    assert things.kind == "Thing"


def test_answers_are_remembered_for_a_minute(discovery: Discovery, api: FakeApi, clock: _Clock) -> None:
    for _ in range(3):
        discovery.find("x.test", "Thing")
        discovery.find("x.test", "Old")
        clock.now += 19
    asked = len(api.requests)
    clock.now += 10
    discovery.find("x.test", "Thing")

    assert asked == 3
    assert len(api.requests) == 6


def test_only_groups_that_are_needed_are_asked_for(discovery: Discovery, api: FakeApi) -> None:
    discovery.find("x.test", "Thing")

    assert set(api.paths()) == {"/apis/x.test", "/apis/x.test/v1", "/apis/x.test/v2"}


def test_a_subresource_is_no_kind(discovery: Discovery, clock: _Clock) -> None:
    assert _is_unconfirmed(discovery, kind="Scale")
    clock.now += 2
    assert discovery.find("x.test", "Scale") is None


@pytest.mark.parametrize("group", ["x.test", "none.test"])
def test_a_kind_is_absent_once_that_was_said_twice(discovery: Discovery, clock: _Clock, group: str) -> None:
    assert _is_unconfirmed(discovery, group, "Nothing")
    clock.now += 1.9
    assert _is_unconfirmed(discovery, group, "Nothing")
    clock.now += 0.1
    assert discovery.find(group, "Nothing") is None


def test_absence_is_remembered_for_5_seconds(
    discovery: Discovery, server: _Server, api: FakeApi, clock: _Clock
) -> None:
    assert _is_unconfirmed(discovery, "new.test", "New")
    clock.now += 2
    assert discovery.find("new.test", "New") is None
    asked = len(api.requests)
    server.groups["new.test"] = {"v1": [_resource("news", "New")]}

    clock.now += 4.9
    assert discovery.find("new.test", "New") is None
    assert len(api.requests) == asked
    clock.now += 0.1
    found = discovery.find("new.test", "New")

    assert found is not None
    assert found.api_version == "new.test/v1"


def test_a_known_kind_is_answered_until_its_absence_is_certain(
    discovery: Discovery, server: _Server, clock: _Clock
) -> None:
    known = discovery.find("x.test", "Thing")
    del server.groups["x.test"]
    discovery.forget("x.test")

    assert discovery.find("x.test", "Thing") == known
    clock.now += 1
    assert discovery.find("x.test", "Thing") == known
    clock.now += 1
    assert discovery.find("x.test", "Thing") is None
    clock.now += 5
    assert discovery.find("x.test", "Thing") is None


def test_a_server_that_is_not_ready_cannot_say_that_a_kind_is_absent(
    discovery: Discovery, server: _Server, clock: _Clock
) -> None:
    known = discovery.find("x.test", "Thing")
    groups, server.groups = server.groups, {}
    server.is_ready = False
    clock.now += 60

    for _ in range(5):
        assert discovery.find("x.test", "Thing") == known
        assert _is_unconfirmed(discovery, "y.test", "Other")
        clock.now += 10
    server.is_ready = True
    assert discovery.find("x.test", "Thing") == known
    clock.now += 1
    server.groups = groups

    assert discovery.find("x.test", "Thing") == known


def test_saying_it_once_before_and_once_after_a_kind_was_there_is_not_twice(
    discovery: Discovery, server: _Server, clock: _Clock
) -> None:
    assert _is_unconfirmed(discovery, "new.test", "New")
    server.groups["new.test"] = {"v1": [_resource("news", "New")]}
    found = discovery.find("new.test", "New")
    del server.groups["new.test"]
    clock.now += 61

    assert found is not None
    assert discovery.find("new.test", "New") == found


def test_a_failure_between_two_absences_begins_anew(discovery: Discovery, server: _Server, clock: _Clock) -> None:
    assert _is_unconfirmed(discovery, "new.test", "New")
    clock.now += 2
    server.broken["/apis"] = Answer(503, b"starting")
    with pytest.raises(KubeUnreachableError, match="503"):
        discovery.find("new.test", "New")
    server.broken.clear()

    assert _is_unconfirmed(discovery, "new.test", "New")
    clock.now += 2
    assert discovery.find("new.test", "New") is None


def test_a_known_kind_is_answered_while_nothing_can_be_asked(
    discovery: Discovery, server: _Server, clock: _Clock
) -> None:
    known = discovery.find("x.test", "Thing")
    server.broken["/apis"] = Answer(500)
    clock.now += 600

    assert discovery.find("x.test", "Thing") == known
    with pytest.raises(KubeUnreachableError):
        discovery.find("y.test", "Other")


def test_a_group_that_fails_is_not_a_group_without_kinds(discovery: Discovery, server: _Server) -> None:
    server.broken["/apis/x.test/v2"] = Answer(503, b"service unavailable")

    with pytest.raises(KubeUnreachableError, match="service unavailable"):
        discovery.find("x.test", "Thing")


def test_who_may_not_ask_is_told_so(discovery: Discovery, server: _Server) -> None:
    server.broken["/apis"] = status_answer(403, "Forbidden", "you may not")

    with pytest.raises(KubeForbiddenError, match="you may not"):
        discovery.find("x.test", "Thing")


@pytest.mark.parametrize("nonsense", [{"versions": 5}, {"versions": ["v1"], "resources": [5]}])
def test_nonsense_is_a_failure(discovery: Discovery, server: _Server, nonsense: object) -> None:
    server.broken["/apis"] = answer(nonsense)

    with pytest.raises(KubeUnreachableError, match="answered with no list of resources"):
        discovery.find("x.test", "Thing")


def test_a_new_preferred_version_is_noticed(discovery: Discovery, server: _Server, clock: _Clock) -> None:
    discovery.find("x.test", "Thing")
    server.groups["x.test"] = {"v3": [_resource("things", "Thing")], "v2": [_resource("things", "Thing")]}
    clock.now += 61

    found = discovery.find("x.test", "Thing")

    assert found is not None
    assert found.version == "v3"


def test_everything_leaves_out_groups_that_are_broken(discovery: Discovery, server: _Server) -> None:
    server.groups["metrics.test"] = {"v1": []}
    server.broken["/apis/metrics.test"] = Answer(503, b"no endpoints")
    unwritable = {**_resource("reviews", "Review"), "verbs": ["create"]}
    server.groups["x.test"]["v2"].append(unwritable)

    found = discovery.everything()

    assert [(each.kind, each.version) for each in found] == [("ConfigMap", "v1"), ("Thing", "v2"), ("Old", "v1")]
    assert [(group, error.status) for group, error in discovery.failures.items()] == [("metrics.test", 503)]


def test_of_two_resources_of_a_kind_the_one_that_can_be_listed_is_found(discovery: Discovery, server: _Server) -> None:
    server.groups["x.test"]["v2"].insert(0, {**_resource("thingreviews", "Thing"), "verbs": ["create"]})

    found = discovery.find("x.test", "Thing")

    assert found is not None
    assert found.plural == "things"
