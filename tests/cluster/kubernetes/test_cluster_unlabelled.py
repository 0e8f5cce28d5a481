"""Objects that are there but nobody may see, with the API server played by the test."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any, cast

import pytest

from iter8_gitops.cluster.kubernetes.unlabelled import Unlabelled
from iter8_gitops.kube.client import KubeClient
from iter8_gitops.kube.endpoint import Endpoint
from iter8_gitops.kube.errors import KubeForbiddenError, KubeNotFoundError, KubeUnreachableError
from iter8_gitops.spec.resource import Absent, ResourceId
from iter8_gitops.testing.waiting import eventually

ENDPOINT = Endpoint("apps", "v1", "Deployment", "deployments", namespaced=True)
WEB = ResourceId("apps", "Deployment", "shop", "web")
WEB_PATH = "/apis/apps/v1/namespaces/shop/deployments/web"
NOT_FOUND = Absent("NotFound", "Deployment shop/web is not in the cluster")


class World:
    """An API server with objects by path, and all that was asked and told."""

    def __init__(self, again_seconds: float = 0.05, look_seconds: float = 0.01) -> None:
        self.objects: dict[str, Any] = {}
        self.asked: list[str] = []
        self.told: list[ResourceId] = []
        self.named = {WEB}
        self.unlabelled = Unlabelled(
            cast("KubeClient", self),
            self.told.append,
            lambda each: each in self.named,
            look_seconds=look_seconds,
            again_seconds=again_seconds,
        )

    def get(self, path: str, *, timeout: float) -> dict[str, Any]:
        self.asked.append(path)
        found = self.objects.get(path, KubeNotFoundError("not found", status=404))
        if isinstance(found, Exception):
            raise found
        return {"metadata": {"name": path.rpartition("/")[2], "labels": found}}

    def explain(self) -> Absent:
        return self.unlabelled.explain(WEB, ENDPOINT)


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    made.unlabelled.start()
    yield made
    made.unlabelled.stop()


def test_a_missing_object_is_not_found_and_no_news(world: World) -> None:
    assert world.explain() == NOT_FOUND
    eventually(lambda: len(world.asked) > 2)
    assert set(world.asked) == {WEB_PATH}
    assert world.explain() == NOT_FOUND
    assert world.told == []


@pytest.mark.parametrize(
    ("labels", "complaint"),
    [
        ({}, 'lacks the label iter8.tools/watch: "true"'),
        ({"iter8.tools/watch": "yes"}, "its label iter8.tools/watch is 'yes' and not the string \"true\""),
    ],
)
def test_an_object_without_the_right_label_is_told_once(world: World, labels: dict[str, str], complaint: str) -> None:
    world.objects[WEB_PATH] = labels
    assert world.explain() == NOT_FOUND
    eventually(lambda: world.told)
    assert world.explain() == Absent("NotWatched", f"Deployment shop/web is in the cluster, but {complaint}")
    asked = len(world.asked)
    eventually(lambda: len(world.asked) > asked + 1)
    assert world.told == [WEB]


def test_an_object_that_comes_later_without_label_and_goes_again_is_told_each_time(world: World) -> None:
    world.explain()
    eventually(lambda: world.asked)
    world.objects[WEB_PATH] = {}
    eventually(lambda: world.told == [WEB])
    del world.objects[WEB_PATH]
    eventually(lambda: world.told == [WEB, WEB])
    assert world.explain() == NOT_FOUND


def test_a_labelled_object_is_left_to_the_watch(world: World) -> None:
    world.objects[WEB_PATH] = {"iter8.tools/watch": "true"}
    world.explain()
    eventually(lambda: world.asked)
    assert world.explain() == NOT_FOUND
    assert world.told == []


@pytest.mark.parametrize("failure", [KubeUnreachableError("away"), KubeForbiddenError("no", status=403)])
def test_a_verdict_stays_while_nothing_can_be_asked(world: World, failure: Exception) -> None:
    world.objects[WEB_PATH] = {}
    world.explain()
    eventually(lambda: world.told)
    world.objects[WEB_PATH] = failure
    asked = len(world.asked)
    eventually(lambda: len(world.asked) > asked + 1)
    assert world.explain().reason == "NotWatched"
    assert world.told == [WEB]


def test_what_has_come_is_asked_for_no_longer(world: World) -> None:
    world.explain()
    eventually(lambda: world.asked)
    world.unlabelled.forget(WEB)
    time.sleep(0.1)
    asked = len(world.asked)
    time.sleep(0.2)
    assert len(world.asked) == asked


def test_what_nobody_names_is_asked_for_once(world: World) -> None:
    world.named.clear()
    world.explain()
    eventually(lambda: len(world.asked) == 2)  # The first look is due before its routemap is known.
    time.sleep(0.2)
    assert len(world.asked) == 2
    world.explain()
    eventually(lambda: len(world.asked) == 3)


def test_looks_are_spread_over_time() -> None:
    world = World(look_seconds=0.1)
    world.unlabelled.start()
    try:
        for number in range(50):
            world.unlabelled.explain(ResourceId("apps", "Deployment", "shop", f"d{number}"), ENDPOINT)
        time.sleep(0.55)
        assert 3 <= len(world.asked) <= 7
    finally:
        world.unlabelled.stop()


def test_stopping_is_prompt_and_fine_before_the_start() -> None:
    World().unlabelled.stop()
    world = World(look_seconds=60, again_seconds=60)
    world.unlabelled.start()
    world.explain()
    eventually(lambda: world.asked)
    began = time.monotonic()
    world.unlabelled.stop()
    assert time.monotonic() - began < 0.5
    assert "unlabelled-objects" not in {thread.name for thread in threading.enumerate()}
