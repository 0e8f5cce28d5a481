from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from iter8_gitops.kube.client import KubeClient
from iter8_gitops.kube.errors import KubeForbiddenError, KubeNotFoundError
from iter8_gitops.kube.ledger import Ledger, noted_kinds
from iter8_gitops.kube.marks import KINDS_ANNOTATION
from tests.controlplane.control_plane import ControlPlane

NAME = "iter8-gitops"
LEASES = ("coordination.k8s.io", "v1", "leases")
ROUTE = ("gateway.networking.k8s.io", "HTTPRoute")
SERVICE = ("", "Service")


@pytest.fixture
def client(control_plane: ControlPlane) -> Iterator[KubeClient]:
    made = KubeClient.connect(kubeconfig=str(control_plane.kubeconfig()))
    yield made
    made.close()


@pytest.fixture
def ledger(client: KubeClient, namespace: str) -> Ledger:
    return Ledger(client, namespace, NAME)


def lease_of(control_plane: ControlPlane, namespace: str) -> dict[str, Any]:
    lease = control_plane.get(*LEASES, namespace, NAME)
    assert lease is not None
    return lease


def test_without_a_lease_nothing_is_noted_and_reading_makes_none(
    ledger: Ledger, control_plane: ControlPlane, namespace: str
) -> None:
    assert ledger.read() == frozenset()
    assert control_plane.get(*LEASES, namespace, NAME) is None


def test_the_first_note_makes_a_lease_that_nobody_holds(
    ledger: Ledger, control_plane: ControlPlane, namespace: str
) -> None:
    ledger.add({ROUTE})
    ledger.add([SERVICE, ROUTE])
    assert ledger.read() == {ROUTE, SERVICE}
    lease = lease_of(control_plane, namespace)
    assert "holderIdentity" not in lease["spec"]
    assert json.loads(lease["metadata"]["annotations"][KINDS_ANNOTATION]) == [list(SERVICE), list(ROUTE)]


def test_what_is_noted_already_is_not_written_again(
    ledger: Ledger, control_plane: ControlPlane, namespace: str
) -> None:
    ledger.add({ROUTE})
    before = lease_of(control_plane, namespace)["metadata"]["resourceVersion"]
    ledger.add({ROUTE})
    ledger.add(())
    assert lease_of(control_plane, namespace)["metadata"]["resourceVersion"] == before


def test_the_leases_holder_and_other_annotations_stay(
    ledger: Ledger, control_plane: ControlPlane, namespace: str
) -> None:
    spec = {"holderIdentity": "one", "leaseDurationSeconds": 15, "renewTime": "2026-01-01T00:00:00.000000Z"}
    metadata = {"name": NAME, "namespace": namespace, "annotations": {"note": "kept"}, "labels": {"label": "kept"}}
    control_plane.apply({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec})
    ledger.add({ROUTE})
    lease = lease_of(control_plane, namespace)
    assert lease["spec"] == spec
    assert (lease["metadata"]["annotations"]["note"], lease["metadata"]["labels"]) == ("kept", {"label": "kept"})


def test_notes_of_many_writers_at_once_are_all_kept(client: KubeClient, namespace: str) -> None:
    kinds = [("example.org", f"Kind{number}") for number in range(6)]
    failures: list[Exception] = []

    def add(kind: tuple[str, str]) -> None:
        try:
            Ledger(client, namespace, NAME).add([kind])
        except Exception as error:  # noqa: BLE001 (asserted below)
            failures.append(error)

    threads = [threading.Thread(target=add, args=(kind,)) for kind in kinds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert Ledger(client, namespace, NAME).read() == set(kinds)


def test_without_rights_or_without_the_namespace_the_servers_error_is_raised(
    control_plane: ControlPlane, client: KubeClient, namespace: str
) -> None:
    nobody = KubeClient.connect(kubeconfig=str(control_plane.kubeconfig("nobody")))
    try:
        with pytest.raises(KubeForbiddenError, match='cannot get resource "leases"'):
            Ledger(nobody, namespace, NAME).read()
    finally:
        nobody.close()
    with pytest.raises(KubeNotFoundError, match="missing"):
        Ledger(client, "missing", NAME).add({ROUTE})


@pytest.mark.parametrize("text", ["", "{", "3", '"x"', "{}", "null", "[" * 100_000])
def test_an_annotation_that_is_no_list_counts_as_none(text: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    assert noted_kinds({"metadata": {"name": NAME, "annotations": {KINDS_ANNOTATION: text}}}) == frozenset()
    assert KINDS_ANNOTATION in caplog.text


def test_what_is_no_kind_in_the_list_is_left_out() -> None:
    notes = [["", "Service"], ["", ""], ["a"], ["a", 1], [], None, "ab", ["a", "b", "c"], ["x.org", "Foo"]]
    lease = {"metadata": {"annotations": {KINDS_ANNOTATION: json.dumps(notes)}}}
    assert noted_kinds(lease) == {SERVICE, ("x.org", "Foo")}
    assert noted_kinds({"metadata": {}}) == noted_kinds({"metadata": {"annotations": None}}) == frozenset()
