"""`iter8-gitops uninstall` on a real API server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from click.testing import CliRunner, Result

from iter8_gitops.cli.errors import FriendlyGroup
from iter8_gitops.cli.uninstall import uninstall
from iter8_gitops.kube.client import KubeClient
from iter8_gitops.kube.endpoint import Endpoint
from iter8_gitops.kube.lease import LeaseElector
from iter8_gitops.kube.ledger import Ledger
from iter8_gitops.kube.marks import CREATED_ANNOTATION, FIELD_MANAGER, INSTANCE_LABEL, ROUTE_ANNOTATION, finalizer_of
from iter8_gitops.runtime.uninstall_objects import Sweeper
from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.proxy import ChaosProxy

SERVICE_ACCOUNTS = ("", "v1", "serviceaccounts")
SERVICES = ("", "v1", "services")
CONFIG_MAPS = ("", "v1", "configmaps")
LEASES = ("coordination.k8s.io", "v1", "leases")
INSTANCE = "iter8-gitops"
FINALIZER = finalizer_of(INSTANCE)

main = FriendlyGroup(commands={"uninstall": uninstall})
Run = Callable[..., Result]


@pytest.fixture
def run(control_plane: ControlPlane, namespace: str) -> Run:
    """Runs the command in the test's namespace."""

    def invoke(*options: str, user: str = "admin", server: str | None = None) -> Result:
        config = control_plane.kubeconfig(user, namespace=namespace, server=server)
        where = ["uninstall", "--kubeconfig", str(config), "--scope", "namespace"]
        return CliRunner().invoke(main, [*where, *options], catch_exceptions=False)

    return invoke


@pytest.fixture
def client(control_plane: ControlPlane) -> Iterator[KubeClient]:
    made = KubeClient.connect(kubeconfig=str(control_plane.kubeconfig()))
    yield made
    made.close()


def config_map(
    namespace: str, name: str, *, data: str = "", instance: str = "", created: bool = False
) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "namespace": namespace}
    if instance:
        metadata["labels"] = {INSTANCE_LABEL: instance}
        metadata["annotations"] = {ROUTE_ANNOTATION: "shop/web/route"} | (
            {CREATED_ANNOTATION: "true"} if created else {}
        )
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {data: data} if data else {}}


def service(namespace: str, name: str, *finalizers: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace, "finalizers": list(finalizers)}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {"ports": [{"port": 80, "protocol": "TCP"}]},
    }


def apply_as_controller(client: KubeClient, path: str, body: dict[str, Any]) -> None:
    client.apply(path, body, field_manager=FIELD_MANAGER)


def test_all_traces_go_and_what_is_others_stays(
    run: Run, client: KubeClient, control_plane: ControlPlane, namespace: str
) -> None:
    maps = f"/api/v1/namespaces/{namespace}/configmaps"
    control_plane.apply(config_map(namespace, "there-before", data="theirs"))
    control_plane.apply(service(namespace, "named", FINALIZER, "example.org/theirs"))
    ours = config_map(namespace, "there-before", data="ours", instance=INSTANCE)
    apply_as_controller(client, f"{maps}/there-before", ours)
    made = config_map(namespace, "made", data="ours", instance=INSTANCE, created=True)
    apply_as_controller(client, f"{maps}/made", made)
    others = config_map(namespace, "others", data="ours", instance="another", created=True)
    apply_as_controller(client, f"{maps}/others", others)
    Ledger(client, namespace, INSTANCE).add([("", "ConfigMap"), ("gone.example.org", "Gone")])

    result = run("--yes")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "services: 1 released from the finalizer" in result.stdout
    assert "configmaps: 1 deleted; 1 let go" in result.stdout
    assert f"lease {namespace}/{INSTANCE}: deleted" in result.stdout
    left = control_plane.get(*CONFIG_MAPS, namespace, "there-before")
    assert left is not None
    assert left["data"] == {"theirs": "theirs"}
    assert not {"labels", "annotations"} & set(left["metadata"])
    assert control_plane.get(*CONFIG_MAPS, namespace, "made") is None
    assert control_plane.get(*CONFIG_MAPS, namespace, "others") is not None
    named = control_plane.get(*SERVICES, namespace, "named")
    assert named is not None
    assert named["metadata"]["finalizers"] == ["example.org/theirs"]
    assert control_plane.get(*LEASES, namespace, INSTANCE) is None
    control_plane.patch(*SERVICES, namespace, "named", {"metadata": {"finalizers": None}})

    again = run("--yes")
    assert again.exit_code == 0
    assert "nothing left" in again.stdout


def test_a_copy_of_a_route_loses_our_marks_and_stays(
    run: Run, control_plane: ControlPlane, client: KubeClient, namespace: str
) -> None:
    made = config_map(namespace, "made", data="ours", instance=INSTANCE, created=True)
    apply_as_controller(client, f"/api/v1/namespaces/{namespace}/configmaps/made", made)
    control_plane.apply(config_map(namespace, "copy", data="theirs", instance=INSTANCE, created=True))
    result = run("--yes")
    assert result.exit_code == 0, result.output
    assert "configmaps: 1 deleted; 1 let go" in result.output
    assert control_plane.get(*CONFIG_MAPS, namespace, "made") is None
    copy = control_plane.get(*CONFIG_MAPS, namespace, "copy")
    assert copy is not None
    assert copy["data"] == {"theirs": "theirs"}
    assert not {"labels", "annotations"} & set(copy["metadata"])


def test_a_dry_run_tells_and_changes_nothing(
    run: Run, client: KubeClient, control_plane: ControlPlane, namespace: str
) -> None:
    control_plane.apply(service(namespace, "named", FINALIZER))
    made = config_map(namespace, "made", instance=INSTANCE, created=True)
    apply_as_controller(client, f"/api/v1/namespaces/{namespace}/configmaps/made", made)
    Ledger(client, namespace, INSTANCE).add([("", "ConfigMap")])
    before = [control_plane.list_all(*kind, namespace) for kind in (SERVICES, CONFIG_MAPS, LEASES)]
    result = run("--dry-run")
    assert result.exit_code == 0
    assert "configmaps: 1 would be deleted" in result.stdout
    assert "nothing was changed" in result.stdout
    assert [control_plane.list_all(*kind, namespace) for kind in (SERVICES, CONFIG_MAPS, LEASES)] == before
    run("--yes")


def test_a_resource_that_waits_for_the_controller_can_go(run: Run, control_plane: ControlPlane, namespace: str) -> None:
    control_plane.apply(service(namespace, "named", FINALIZER))
    control_plane.delete(*SERVICES, namespace, "named")
    assert control_plane.get(*SERVICES, namespace, "named") is not None
    assert run("--yes").exit_code == 0
    assert control_plane.get(*SERVICES, namespace, "named") is None


def test_kinds_that_nobody_noted_are_found_by_looking_everywhere(
    run: Run, control_plane: ControlPlane, namespace: str
) -> None:
    metadata = {"name": "odd", "namespace": namespace, "finalizers": [FINALIZER]}
    control_plane.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})
    run("--yes")
    assert "finalizers" in (control_plane.get(*SERVICE_ACCOUNTS, namespace, "odd") or {})["metadata"]
    result = run("--yes", "--all-kinds")
    assert "serviceaccounts: 1 released from the finalizer" in result.stdout
    assert "finalizers" not in (control_plane.get(*SERVICE_ACCOUNTS, namespace, "odd") or {})["metadata"]


def test_an_object_that_goes_away_meanwhile_is_not_made_again(
    run: Run, client: KubeClient, control_plane: ControlPlane, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps/brief"
    apply_as_controller(client, path, config_map(namespace, "brief", instance=INSTANCE))
    Ledger(client, namespace, INSTANCE).add([("", "ConfigMap")])
    listed = Sweeper._bearers

    def list_and_lose(sweeper: Sweeper, endpoint: Endpoint) -> list[Mapping[str, Any]]:
        found = listed(sweeper, endpoint)
        control_plane.delete(*CONFIG_MAPS, namespace, "brief")
        return found

    monkeypatch.setattr(Sweeper, "_bearers", list_and_lose)
    result = run("--yes")
    assert (result.exit_code, result.stderr) == (0, "")
    assert control_plane.get(*CONFIG_MAPS, namespace, "brief") is None


def test_fields_that_an_object_cannot_do_without_stay(
    run: Run, client: KubeClient, control_plane: ControlPlane, namespace: str
) -> None:
    """A Service needs its ports, and the controller alone manages them."""
    body = service(namespace, "adopted")
    del body["metadata"]["finalizers"]
    body["metadata"] |= {"labels": {INSTANCE_LABEL: INSTANCE}, "annotations": {ROUTE_ANNOTATION: "shop/web/route"}}
    apply_as_controller(client, f"/api/v1/namespaces/{namespace}/services/adopted", body)
    result = run("--yes")
    assert (result.exit_code, result.stderr) == (0, "")
    adopted = control_plane.get(*SERVICES, namespace, "adopted")
    assert adopted is not None
    assert adopted["spec"]["ports"][0]["port"] == 80
    assert not {"labels", "annotations"} & set(adopted["metadata"])


def test_marks_that_others_manage_too_are_removed(
    run: Run, client: KubeClient, control_plane: ControlPlane, namespace: str
) -> None:
    body = config_map(namespace, "restored", data="x", instance=INSTANCE)
    apply_as_controller(client, f"/api/v1/namespaces/{namespace}/configmaps/restored", body)
    control_plane.apply(body)  # as kubectl
    Ledger(client, namespace, INSTANCE).add([("", "ConfigMap")])
    assert run("--yes").exit_code == 0
    restored = control_plane.get(*CONFIG_MAPS, namespace, "restored")
    assert restored is not None
    assert restored["data"] == {"x": "x"}
    assert not {"labels", "annotations"} & set(restored["metadata"])


def test_what_waits_for_the_finalizers_of_others_is_listed_when_the_time_is_up(
    run: Run, client: KubeClient, control_plane: ControlPlane, namespace: str
) -> None:
    body = config_map(namespace, "made", instance=INSTANCE, created=True)
    body["metadata"]["finalizers"] = ["example.org/theirs"]
    apply_as_controller(client, f"/api/v1/namespaces/{namespace}/configmaps/made", body)
    Ledger(client, namespace, INSTANCE).add([("", "ConfigMap")])
    began = time.monotonic()
    result = run("--yes", "--timeout", "5")
    assert time.monotonic() - began < 8
    assert result.exit_code == 1
    assert (
        f"left: ConfigMap {namespace}/made: is being deleted, and waits for the finalizers example.org/theirs"
        in result.stderr
    )
    assert control_plane.get(*LEASES, namespace, INSTANCE) is not None
    control_plane.patch(*CONFIG_MAPS, namespace, "made", {"metadata": {"finalizers": None}})
    assert run("--yes").exit_code == 0


@pytest.fixture
def controller(client: KubeClient, namespace: str) -> Iterator[LeaseElector]:
    """A controller that leads."""
    elector = LeaseElector(client, namespace, INSTANCE, "pod-0", duration=3, renew_every=0.5, on_change=lambda _: None)
    elector.start()
    while not elector.leads():
        time.sleep(0.01)
    yield elector
    elector.stop()


def test_while_a_controller_leads_it_refuses(run: Run, controller: LeaseElector) -> None:
    result = run("--yes")
    assert result.exit_code == 1
    assert "pod-0 holds the lease" in result.stderr
    assert "kubectl delete -k" in result.stderr
    assert "helm uninstall" in result.stderr
    assert controller.leads()
    assert run("--dry-run").exit_code == 0


def test_by_force_the_controller_loses_the_lease_before_anything_is_touched(
    run: Run, controller: LeaseElector, control_plane: ControlPlane, namespace: str
) -> None:
    control_plane.apply(service(namespace, "named", FINALIZER))
    seen: list[tuple[bool, bool]] = []
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.02):
            live = control_plane.get(*SERVICES, namespace, "named")
            seen.append((controller.leads(), live is not None and "finalizers" in live["metadata"]))

    looking = threading.Thread(target=look)
    looking.start()
    result = run("--yes", "--force")
    done.set()
    looking.join()
    assert result.exit_code == 0
    assert "took the lease from pod-0: waiting 3 s" in result.stdout
    untouched = [leads for leads, has_finalizer in seen if has_finalizer]
    touched = [leads for leads, has_finalizer in seen if not has_finalizer]
    assert True in untouched
    # Once the lease is deleted the controller may take it again, at the very end.
    assert touched[0] is False


def test_a_dead_holder_is_waited_for_once(run: Run, control_plane: ControlPlane, namespace: str) -> None:
    spec = {"holderIdentity": "dead", "leaseDurationSeconds": 2, "renewTime": "2100-01-01T00:00:00.000000Z"}
    metadata = {"name": INSTANCE, "namespace": namespace}
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}
    control_plane.apply(lease)
    began = time.monotonic()
    result = run("--yes")
    assert result.exit_code == 0
    assert time.monotonic() - began > 2
    assert "held by dead: looking for 2 s" in result.stdout
    control_plane.apply(lease | {"spec": spec | {"leaseDurationSeconds": 1000}})
    result = run("--yes", "--timeout", "2")
    assert result.exit_code == 1
    assert "--timeout" in result.stderr


def test_the_lease_of_another_namespace_is_named(run: Run, client: KubeClient, namespace: str) -> None:
    instance = f"elsewhere-{namespace}"
    Ledger(client, "default", instance).add([("", "ConfigMap")])
    result = run("--yes", "--scope", "cluster", "--instance", instance)
    assert result.exit_code == 1
    assert "there is one in default" in result.stderr
    assert run("--yes", "--scope", "cluster", "--instance", instance, "--namespace", "default").exit_code == 0


def test_a_kind_that_may_not_be_read_is_told_and_the_rest_is_done(
    run: Run, client: KubeClient, control_plane: ControlPlane, namespace: str
) -> None:
    for name, verbs, resources in (
        ("leases", "get,delete", "leases.coordination.k8s.io"),
        ("services", "list,patch", "services"),
    ):
        control_plane.kubectl("create", "role", name, f"--verb={verbs}", f"--resource={resources}", "-n", namespace)
        control_plane.kubectl("create", "rolebinding", name, f"--role={name}", "--user=controller", "-n", namespace)
    control_plane.apply(service(namespace, "named", FINALIZER))
    ledger = Ledger(client, namespace, INSTANCE)
    ledger.add([("", "Service"), ("", "ConfigMap")])
    result = run("--yes", user="controller")
    assert result.exit_code == 1
    assert "services: 1 released from the finalizer" in result.stdout
    assert "left: configmaps: " in result.stderr
    assert 'cannot list resource "configmaps"' in result.stderr
    # What the controller never touched need not be readable.
    assert "left: deployments" not in result.stderr
    assert ledger.read()


def test_a_hung_api_server_ends_it_in_time(
    run: Run, control_plane: ControlPlane, chaos_proxy: Callable[[ControlPlane], ChaosProxy]
) -> None:
    proxy = chaos_proxy(control_plane)
    proxy.freeze()
    began = time.monotonic()
    result = run("--yes", "--timeout", "3", server=proxy.url)
    assert time.monotonic() - began < 6
    assert result.exit_code in (1, 2)
    proxy.thaw()


def test_without_a_terminal_it_wants_to_be_told_yes(run: Run) -> None:
    result = run()
    assert result.exit_code == 2
    assert "--yes" in result.stderr


@pytest.mark.parametrize("options", [["--kubeconfig", "/nowhere/config"], ["--namespace", "Not/One"]])
def test_what_cannot_work_is_said_in_one_go(options: list[str]) -> None:
    result = CliRunner().invoke(main, ["uninstall", "--yes", *options])
    assert result.exit_code == 2
    assert options[1] in result.stderr
