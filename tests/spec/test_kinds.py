"""Short names and the kinds they stand for."""

from __future__ import annotations

import itertools

import pytest

from iter8_gitops.spec.kinds import Conflict, KindTable
from iter8_gitops.spec.resource import ResourceKind

SERVICE = ResourceKind("", "v1", "Service", "services", ("svc",))
KNATIVE = ResourceKind("serving.knative.dev", "v1", "Service", "services", ("svc", "ksvc"))
DEPLOYMENT = ResourceKind("apps", "v1", "Deployment", "deployments", ("deploy",))
TABLE = KindTable([SERVICE, KNATIVE, DEPLOYMENT])


@pytest.mark.parametrize("name", ["deploy", "deployments", "deployment"])
def test_a_kind_is_found_by_short_name_plural_and_lower_case_kind(name: str) -> None:
    assert TABLE.by_short_name(name) is DEPLOYMENT


@pytest.mark.parametrize("name", ["Deploy", "DEPLOY", "Deployment", "", "isvc"])
def test_names_are_case_sensitive_and_must_be_known(name: str) -> None:
    assert TABLE.by_short_name(name) is None


def test_the_first_kind_that_claims_a_name_has_it_and_the_conflict_is_listed() -> None:
    assert TABLE.by_short_name("svc") is SERVICE
    assert TABLE.by_short_name("service") is SERVICE
    assert TABLE.by_short_name("ksvc") is KNATIVE
    assert TABLE.conflicts == (Conflict("svc", SERVICE, KNATIVE),)


def test_the_same_kind_given_twice_is_no_conflict() -> None:
    assert KindTable([SERVICE, SERVICE]).conflicts == ()


def test_a_short_name_wins_over_the_plural_of_an_earlier_kind() -> None:
    odd = ResourceKind("odd.example", "v1", "Odd", "odds", ("services",))

    assert KindTable([SERVICE, odd]).by_short_name("services") is odd


@pytest.mark.parametrize("name", ["services", "service"])
def test_a_name_that_two_kinds_share_means_the_one_of_the_core_group_whatever_the_order(name: str) -> None:
    knative = ResourceKind("serving.knative.dev", "v1", "Service", "services", ("ksvc",))
    for kinds in itertools.permutations([knative, SERVICE, DEPLOYMENT]):
        assert KindTable(kinds).by_short_name(name) is SERVICE
        assert KindTable(kinds).by_short_name("ksvc") is knative


def test_a_kind_outside_the_core_group_has_its_plural_when_no_core_kind_has_it() -> None:
    assert KindTable([KNATIVE, DEPLOYMENT]).by_short_name("services") is KNATIVE


def test_kinds_are_found_by_group_and_kind() -> None:
    assert TABLE.by_kind("apps", "Deployment") is DEPLOYMENT
    assert TABLE.by_kind("serving.knative.dev", "Service") is KNATIVE
    assert TABLE.by_kind("", "Deployment") is None


def test_names_lists_the_short_names() -> None:
    assert TABLE.names() == ("deploy", "ksvc", "svc")


def test_a_hint_names_the_nearest_and_all_known_names() -> None:
    assert TABLE.unknown_name_hint("deplyo") == (
        "did you mean `deploy`? known: deploy, ksvc, svc; or write apiVersion and kind"
    )
    assert TABLE.unknown_name_hint("zzz") == "known: deploy, ksvc, svc; or write apiVersion and kind"


def test_a_kind_in_wrong_case_is_recognised_within_its_group() -> None:
    assert TABLE.spelled_like("apps", "deployment") is DEPLOYMENT
    assert TABLE.spelled_like("apps", "Deployment") is None
    assert TABLE.spelled_like("", "deployment") is None


def test_a_pending_name_stands_for_no_kind_though_one_has_it() -> None:
    table = KindTable([SERVICE, DEPLOYMENT], {"svc": "services.my.io", "foo": "foos.my.io"})

    assert table.by_short_name("svc") is None
    assert table.by_short_name("service") is SERVICE
    assert (table.pending("svc"), table.pending("foo"), table.pending("deploy")) == (
        "services.my.io",
        "foos.my.io",
        None,
    )
