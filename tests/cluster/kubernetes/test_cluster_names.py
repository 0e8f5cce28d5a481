"""Which resources are named by anybody."""

from __future__ import annotations

from iter8_gitops.cluster.kubernetes.names import NamedResources
from iter8_gitops.spec.resource import ResourceId

WEB, API = (ResourceId("apps", "Deployment", "shop", name) for name in ("web", "api"))


def test_a_resource_is_named_until_the_last_application_lets_go() -> None:
    named = NamedResources()
    named.set("shop/a", frozenset({WEB, API}))
    named.set("shop/b", frozenset({WEB}))
    named.set("shop/a", frozenset())
    assert WEB in named
    assert API not in named
    named.set("shop/b", frozenset({API}))
    assert WEB not in named
    assert API in named


def test_naming_the_same_again_changes_nothing() -> None:
    named = NamedResources()
    for _ in range(2):
        named.set("shop/a", frozenset({WEB}))
    named.set("shop/a", frozenset())
    named.set("shop/a", frozenset())
    assert WEB not in named
