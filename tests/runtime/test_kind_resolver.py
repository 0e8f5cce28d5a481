"""From configured resource types to kinds, and their readiness rules."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from iter8_gitops_plugins.backends.kubernetes.opening import find_kind_with

from iter8_gitops.contracts.cluster import FindKind
from iter8_gitops.errors import ConfigurationError, UnavailableError
from iter8_gitops.hooks import Readiness, ReadinessState, Resource, ResourceId, hookimpl
from iter8_gitops.hooks.manager import Plugins
from iter8_gitops.kube.client import KubeClient
from iter8_gitops.kube.discovery import Discovery
from iter8_gitops.runtime.configuration import ResourceType
from iter8_gitops.runtime.intake import Intake
from iter8_gitops.runtime.kind_resolver import KindResolver
from iter8_gitops.runtime.rules.expressions import compile_condition
from iter8_gitops.runtime.rules.ignored import compile_path
from iter8_gitops.runtime.rules.rule import Rule
from iter8_gitops.spec.kinds import KindTable
from iter8_gitops.spec.tree import SourceFile, SourceTree
from tests.controlplane.control_plane import ControlPlane

PLUGINS = Plugins.load()
KNATIVE = "serving.knative.dev"
GENERATION = {"metadata": {"generation": 3}}


def a_type(
    short_name: str, group: str, plural: str, *conditions: str, kind: str = "", rule: Rule | None = None
) -> ResourceType:
    stated = Rule(conditions) if rule is None else rule
    return ResourceType(short_name, group, "v1", plural, kind, stated, f"config.yaml:7:{len(short_name)}")


def known(resolver: KindResolver) -> dict[str, tuple[str, str]]:
    """What each short name stands for."""
    table = resolver.table()
    found = {name: table.by_short_name(name) for name in table.names()}
    return {name: (kind.group, kind.kind) for name, kind in found.items() if kind is not None}


@pytest.fixture
def started() -> Iterator[Callable[[KindResolver], list[KindTable]]]:
    """Starts resolvers and gives the tables that they tell of."""
    resolvers: list[KindResolver] = []

    def start(resolver: KindResolver) -> list[KindTable]:
        told: list[KindTable] = []
        resolvers.append(resolver)
        resolver.start(told.append)
        return told

    yield start
    for resolver in resolvers:
        resolver.stop()


def serves(*kinds: tuple[str, str, str]) -> FindKind:
    """A cluster that serves these (group, plural, kind)."""
    served = {(group, plural): kind for group, plural, kind in kinds}
    return lambda group, plural: served.get((group, plural))


def test_kinds_are_stated_or_known_to_plugins() -> None:
    types = [a_type("dep", "apps", "deployments"), a_type("wi", "example.com", "widgets", kind="Widget")]

    found = known(KindResolver(types, PLUGINS))

    assert found["dep"] == found["deploy"] == ("apps", "Deployment")
    assert found["wi"] == ("example.com", "Widget")


def test_a_stated_kind_serves_all_names_of_its_type() -> None:
    types = [a_type("a", "x.io", "foos"), a_type("b", "x.io", "foos", kind="Foo")]

    resolver = KindResolver(types, PLUGINS)

    assert known(resolver)["a"] == ("x.io", "Foo")
    assert resolver.kinds()[0].short_names == ("a", "b")


def test_a_configured_name_wins_over_that_of_a_plugin() -> None:
    resolver = KindResolver([a_type("svc", KNATIVE, "services", kind="Service")], PLUGINS)

    assert known(resolver)["svc"] == (KNATIVE, "Service")
    assert known(resolver)["service"] == ("", "Service")


def test_without_a_cluster_an_unknown_kind_is_refused() -> None:
    types = [a_type("wi", "example.com", "widgets"), a_type("svc", "", "services"), a_type("foo", "", "foos")]

    with pytest.raises(ConfigurationError) as caught:
        KindResolver(types, PLUGINS)

    assert str(caught.value).splitlines() == [
        "config.yaml:7:2: resourceTypes.wi is widgets.example.com, whose kind no plugin knows "
        "(add its `Kind`, as manifests write it, such as Kind: Deployment)",
        "config.yaml:7:3: resourceTypes.foo is foos, whose kind no plugin knows "
        "(add its `Kind`, as manifests write it, such as Kind: Deployment)",
    ]


def test_a_cluster_is_asked_for_what_is_missing(started: Callable[[KindResolver], list[KindTable]]) -> None:
    types = [a_type("svc", "", "services"), a_type("wi", "example.com", "widgets")]
    resolver = KindResolver(types, PLUGINS, serves(("example.com", "widgets", "Widget")))
    assert "wi" not in known(resolver)

    told = started(resolver)

    assert resolver.wait_until_asked(5)
    assert known(resolver)["wi"] == ("example.com", "Widget")
    (table,) = told
    assert table.by_short_name("wi") == resolver.table().by_short_name("wi")


def test_a_cluster_that_needs_not_be_asked_is_not_asked(started: Callable[[KindResolver], list[KindTable]]) -> None:
    def find(group: str, plural: str) -> str | None:
        raise AssertionError("asked")

    resolver = KindResolver([a_type("svc", "", "services")], PLUGINS, find)

    assert started(resolver) == []
    assert resolver.wait_until_asked(0)


def test_what_is_missing_is_asked_for_again_until_it_is_there(
    started: Callable[[KindResolver], list[KindTable]], caplog: pytest.LogCaptureFixture
) -> None:
    answers: list[str | Exception | None] = [
        UnavailableError("connection refused"),
        UnavailableError("connection refused"),
        None,
        "Widget",
    ]
    asked: list[tuple[str, str]] = []

    def find(group: str, plural: str) -> str | None:
        asked.append((group, plural))
        answer = answers[len(asked) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer

    resolver = KindResolver([a_type("wi", "example.com", "widgets")], PLUGINS, find, retry=0.02)
    with caplog.at_level(logging.WARNING, "iter8_gitops"):
        told = started(resolver)
        deadline = time.monotonic() + 5
        while not told and time.monotonic() < deadline:
            time.sleep(0.01)

    assert known(resolver)["wi"] == ("example.com", "Widget")
    assert len(asked) == 4
    assert [record.getMessage() for record in caplog.records] == [
        "resourceTypes: widgets.example.com cannot be looked up: connection refused; looking again every 0.02 s",
        "resourceTypes: the cluster serves no widgets.example.com (wi) yet; looking again every 0.02 s",
    ]


def test_stopping_does_not_wait_for_an_answer() -> None:
    answer = threading.Event()

    def find(group: str, plural: str) -> str | None:
        answer.wait(10)
        return "Widget"

    told: list[KindTable] = []
    resolver = KindResolver([a_type("wi", "example.com", "widgets")], PLUGINS, find)
    resolver.start(told.append)
    began = time.monotonic()

    resolver.stop(timeout=0.1)

    assert time.monotonic() - began < 1
    answer.set()
    assert resolver.wait_until_asked(5)
    assert told == []


@pytest.mark.slow
def test_a_real_cluster_knows_the_kinds_of_its_types(
    control_plane: ControlPlane, started: Callable[[KindResolver], list[KindTable]]
) -> None:
    types = [
        a_type("dr", "networking.istio.io", "destinationrules"),
        a_type("rs", "apps", "replicasets"),
        a_type("foo", "x.io", "foos"),
    ]
    client = KubeClient.connect(kubeconfig=str(control_plane.kubeconfig()))
    try:
        resolver = KindResolver(types, PLUGINS, find_kind_with(Discovery(client)))
        started(resolver)
        assert resolver.wait_until_asked(20)
    finally:
        resolver.stop()
        client.close()

    table = resolver.table()
    found = [table.by_short_name(name) for name in ("dr", "rs", "foo")]
    assert [kind and (kind.group, kind.kind) for kind in found] == [
        ("networking.istio.io", "DestinationRule"),
        ("apps", "ReplicaSet"),
        None,
    ]
    assert table.pending("foo") == "foos.x.io"


ROUTEMAP = """\
apiVersion: iter8.tools/v1
kind: Routemap
metadata: {name: shop, namespace: default}
spec:
  versions:
  - resources:
    - {gvrShort: isvc, name: shop}
"""


def test_a_name_whose_kind_is_not_known_yet_means_nothing_else_meanwhile(
    started: Callable[[KindResolver], list[KindTable]],
) -> None:
    resolver = KindResolver(
        [a_type("isvc", "my.io", "services")], PLUGINS, serves(("my.io", "services", "InferredService"))
    )
    intake = Intake(resolver.table(), None)
    tree = SourceTree("a", "1", (SourceFile("a.yaml", "1", ROUTEMAP.encode()),))
    (problem,) = intake.decode(tree).files["a.yaml"].problems
    assert str(problem) == (
        "a.yaml:7:18: spec.versions[0].resources[0].gvrShort is `isvc`, which is configured as services.my.io, "
        "but the cluster does not serve it yet "
        "(install its CustomResourceDefinition, or state its Kind in resourceTypes)"
    )

    told = started(resolver)
    assert resolver.wait_until_asked(5)
    intake.replace_kinds(told[0])

    (decoded,) = intake.decode(tree).files["a.yaml"].routemaps
    assert decoded.routemap.resource_ids == {ResourceId("my.io", "InferredService", "default", "shop")}


def judged(resolver: KindResolver, group: str, kind: str, manifest: dict[str, Any]) -> Readiness:
    plugins = Plugins.load(extra=resolver.plugin())
    assert plugins.failures == ()
    return plugins.readiness(Resource(ResourceId(group, kind, "default", "a"), manifest)).readiness


def status(*conditions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**GENERATION, "status": {"conditions": list(conditions), **more}}


READY = {"type": "Ready", "status": "True"}


def test_two_names_of_one_kind_add_up_their_conditions() -> None:
    resolver = KindResolver(
        [a_type("a", "x.io", "foos", "Ready", kind="Foo"), a_type("b", "x.io", "foos", "Live", kind="Foo")], PLUGINS
    )

    assert judged(resolver, "x.io", "Foo", status(READY)).reason == "NotLive"


def test_the_rule_of_a_plugin_stands_for_configured_conditions(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "iter8_gitops"):
        resolver = KindResolver(
            [a_type("deploy", "apps", "deployments", "Available"), a_type("cm", "", "configmaps")], PLUGINS
        )

    available = status({"type": "Available", "status": "True"})
    assert judged(resolver, "apps", "Deployment", available).reason == "NotObserved"
    assert [record.getMessage() for record in caplog.records] == [
        "resourceTypes.deploy: the rule of plugin iter8-gitops:deployment stands for its conditions"
    ]


def test_kinds_that_are_not_configured_are_left_to_the_others() -> None:
    resolver = KindResolver([a_type("foo", "x.io", "foos", "Live", kind="Foo")], PLUGINS)

    assert judged(resolver, "x.io", "Bar", status(READY)).reason == "Ready"


def test_the_rule_of_somebody_elses_plugin_stands_too() -> None:
    class Theirs:
        @hookimpl
        def readiness(self, resource: Resource) -> Readiness | None:
            return Readiness.ready("Theirs", "theirs") if resource.id.kind == "Foo" else None

    plugins = Plugins.load(extra={"theirs": Theirs()})
    resolver = KindResolver([a_type("foo", "x.io", "foos", "Live", kind="Foo")], plugins)
    together = Plugins.load(extra={"theirs": Theirs(), **resolver.plugin()})

    found = together.readiness(Resource(ResourceId("x.io", "Foo", "default", "a"), {}))

    assert found.readiness.reason == "Theirs"


RUNNING = Rule(ready=compile_condition("status.phase == 'Running'"))
ROLLED_OUT: dict[str, Any] = {
    "metadata": {"generation": 3},
    "spec": {"replicas": 1, "template": {"spec": {"containers": [{"name": "web", "image": "web:1"}]}}},
    "status": {"observedGeneration": 2, "phase": "Running"},
}


def overriding(rule: Rule) -> KindResolver:
    return KindResolver([a_type("deploy", "apps", "deployments", rule=replace(rule, override=True))], PLUGINS)


def test_an_expression_is_the_rule_of_a_kind_that_no_plugin_covers() -> None:
    resolver = KindResolver([a_type("foo", "x.io", "foos", kind="Foo", rule=RUNNING)], PLUGINS)

    assert judged(resolver, "x.io", "Foo", {"status": {"phase": "Running"}}).reason == "RuleReady"
    assert judged(resolver, "x.io", "Foo", {"status": {"phase": "Pending"}}).reason == "RuleNotMet"


def test_two_names_of_one_kind_join_their_rules() -> None:
    other = Rule(("Live",), failed=compile_condition("status.phase == 'Failed'"), ignore=(compile_path("spec.a"),))
    resolver = KindResolver(
        [a_type("a", "x.io", "foos", kind="Foo", rule=RUNNING), a_type("b", "x.io", "foos", rule=other)], PLUGINS
    )

    assert judged(resolver, "x.io", "Foo", {"status": {"phase": "Running"}}).reason == "NotLive"
    assert judged(resolver, "x.io", "Foo", {"status": {"phase": "Failed"}}).reason == "RuleFailed"


def test_the_rule_of_a_plugin_stands_for_an_expression_and_the_log_says_so_once(
    caplog: pytest.LogCaptureFixture, started: Callable[[KindResolver], list[KindTable]]
) -> None:
    rule = Rule(("Available",), ready=RUNNING.ready, ignore=(compile_path("spec.paused"),))
    types = [a_type("dep", "apps", "deployments", rule=rule), a_type("wi", "x.io", "widgets")]
    with caplog.at_level(logging.DEBUG, "iter8_gitops.runtime"):
        resolver = KindResolver(types, PLUGINS, serves(("x.io", "widgets", "Widget")))
        started(resolver)
        assert resolver.wait_until_asked(5)

    assert judged(resolver, "apps", "Deployment", {"status": {"phase": "Running"}}).reason == "NotObserved"
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING] == [
        "config.yaml:7:3: resourceTypes.dep: the rule of plugin iter8-gitops:deployment stands for its conditions, "
        "ready, ignore (`override: true` puts them first)"
    ]


def test_an_override_goes_before_the_plugin_that_covers_the_kind(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "iter8_gitops.runtime"):
        resolver = overriding(RUNNING)

    assert judged(resolver, "apps", "Deployment", ROLLED_OUT).reason == "RuleReady"
    assert judged(resolver, "apps", "Deployment", {}).reason == "RuleNotMet"
    assert caplog.records == []


def test_an_override_goes_before_the_check_of_the_generation() -> None:
    assert judged(KindResolver([], PLUGINS), "apps", "Deployment", ROLLED_OUT).reason == "GenerationNotObserved"

    found = judged(overriding(RUNNING), "apps", "Deployment", ROLLED_OUT)

    assert (found.state, found.reason, found.current) == (ReadinessState.READY, "RuleReady", False)


def test_being_deleted_goes_before_an_override() -> None:
    deleted = {**ROLLED_OUT, "metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}

    found = judged(overriding(RUNNING), "apps", "Deployment", deleted)

    assert (found.state, found.servable) == (ReadinessState.TERMINATING, False)


def test_an_override_goes_before_a_plugin_of_somebody_else_whatever_it_is_called() -> None:
    class Theirs:
        @hookimpl
        def readiness(self, resource: Resource) -> Readiness | None:
            return Readiness.failed("Theirs", "theirs") if resource.id.kind == "Foo" else None

    theirs = {name: Theirs() for name in ("a-plugin", "z-plugin")}
    rule = replace(RUNNING, override=True)
    resolver = KindResolver([a_type("foo", "x.io", "foos", kind="Foo", rule=rule)], Plugins.load(extra=theirs))
    together = Plugins.load(extra={**theirs, **resolver.plugin()})

    found = together.readiness(Resource(ResourceId("x.io", "Foo", "default", "a"), {"status": {"phase": "Running"}}))

    assert found.readiness.reason == "RuleReady"


def content(resolver: KindResolver, group: str, kind: str, manifest: dict[str, Any]) -> Any:
    found = Plugins.load(extra=resolver.plugin()).signature_content(
        Resource(ResourceId(group, kind, "default", "a"), manifest)
    )
    assert found.error == ""
    return found.value


def test_content_is_the_spec_without_what_the_rule_ignores() -> None:
    rule = Rule(ready=RUNNING.ready, ignore=(compile_path("spec.workers[*].size"),))
    resolver = KindResolver([a_type("foo", "x.io", "foos", kind="Foo", rule=rule)], PLUGINS)
    spec = {"image": "a", "replicas": 3, "workers": [{"size": 1, "image": "b"}, {"size": 2, "maxReplicas": 9}]}

    assert content(resolver, "x.io", "Foo", {"spec": spec}) == {"image": "a", "workers": [{"image": "b"}, {}]}
    assert spec["workers"] == [{"size": 1, "image": "b"}, {"size": 2, "maxReplicas": 9}]


def test_an_override_says_what_is_content_too() -> None:
    spec = {"paused": True, "replicas": 1, "template": {"spec": {"containers": []}}}
    assert "paused" not in content(KindResolver([], PLUGINS), "apps", "Deployment", {"spec": spec})

    found = content(overriding(RUNNING), "apps", "Deployment", {"spec": spec})

    assert found == {"paused": True, "template": {"spec": {"containers": []}}}


def test_a_rule_that_ignores_nothing_leaves_content_to_plugins() -> None:
    resolver = KindResolver([a_type("foo", "x.io", "foos", kind="Foo", rule=RUNNING)], PLUGINS)
    plugins = Plugins.load(extra=resolver.plugin())

    found = plugins.signature_content(Resource(ResourceId("x.io", "Foo", "default", "a"), {"spec": {"a": 1}}))

    assert (found.value, found.plugin) == ({"a": 1}, "iter8-gitops:generic")


def test_a_rule_is_in_force_as_soon_as_its_kind_is_found(started: Callable[[KindResolver], list[KindTable]]) -> None:
    types = [a_type("foo", "x.io", "foos", rule=replace(RUNNING, ignore=(compile_path("spec.a"),)))]
    resolver = KindResolver(types, PLUGINS, serves(("x.io", "foos", "Foo")))
    plugins = Plugins.load(extra=resolver.plugin())
    foo = Resource(ResourceId("x.io", "Foo", "default", "a"), {"spec": {"a": 1}, "status": {"phase": "Running"}})
    assert plugins.readiness(foo).plugin == "iter8-gitops:generic"

    started(resolver)

    assert resolver.wait_until_asked(5)
    assert plugins.readiness(foo).readiness.reason == "RuleReady"
    assert plugins.signature_content(foo).value == {}


def test_without_configured_types_there_is_no_plugin() -> None:
    resolver = KindResolver([], PLUGINS)

    assert resolver.plugin() == {}
    assert resolver.kinds() == PLUGINS.kinds()
