"""The rights that every installation asks for, however it is rendered; test_rbac.py tries them."""

from __future__ import annotations

import pytest

from tests.deploy.rendering import NAMES, Object, Variant, arguments, kustomize, of_kind, pod_of

WATCHED = ["get", "list", "watch", "patch"]


def test_bindings_are_for_the_service_account_of_the_pod_in_its_namespace(objects: list[Object]) -> None:
    (account,) = of_kind(objects, "ServiceAccount")
    name, namespace = account["metadata"]["name"], account["metadata"].get("namespace")
    for binding in of_kind(objects, "RoleBinding", "ClusterRoleBinding"):
        (subject,) = binding["subjects"]
        assert subject["name"] == name == pod_of(objects)["serviceAccountName"]
        assert subject["namespace"] == (namespace or subject["namespace"])
    roles = {(role["kind"], role["metadata"]["name"]) for role in of_kind(objects, "Role", "ClusterRole")}
    refs = {(b["roleRef"]["kind"], b["roleRef"]["name"]) for b in of_kind(objects, "RoleBinding", "ClusterRoleBinding")}
    assert refs == roles


def test_no_rule_has_a_wildcard(objects: list[Object]) -> None:
    for rule in rules_of(objects):
        assert "*" not in {*rule["apiGroups"], *rule["resources"], *rule["verbs"]}


@pytest.mark.parametrize("name", NAMES)
def test_pods_and_secrets_are_granted_only_where_they_are_asked_for(
    renders: dict[str, list[Object]], name: str
) -> None:
    granted = [rule for rule in rules_of(renders[name]) if {"pods", "secrets"} & set(rule["resources"])]
    asked_for = ("pods", "secrets") if name in ("kustomize-components", "helm-everything") else ()
    assert granted == [{"apiGroups": [""], "resources": [each], "verbs": WATCHED} for each in asked_for]


@pytest.mark.parametrize("component", ["pods", "secrets"])
@pytest.mark.parametrize("variant", ["cluster", "namespace"])
def test_a_component_for_rights_adds_one_rule_and_changes_nothing_else(variant: Variant, component: str) -> None:
    pairs = zip(kustomize(variant), kustomize(variant, components=[component]), strict=True)
    ((plain, extended),) = ((before, after) for before, after in pairs if before != after)
    assert plain["kind"] == ("ClusterRole" if variant == "cluster" else "Role")
    plain["rules"].append({"apiGroups": [""], "resources": [component], "verbs": WATCHED})
    assert extended == plain


def test_the_lease_is_that_of_the_instance(objects: list[Object]) -> None:
    (instance,) = (arg for arg in arguments(objects, "controller") if arg.startswith("--instance="))
    names = [rule.get("resourceNames") for role in of_kind(objects, "Role") for rule in role["rules"]]
    assert [[instance.partition("=")[2]]] == [name for name in names if name]


@pytest.mark.parametrize("name", ["kustomize-namespace", "kustomize-components", "helm-namespace"])
def test_the_namespace_variants_hold_nothing_of_the_cluster(renders: dict[str, list[Object]], name: str) -> None:
    kinds = {item["kind"] for item in renders[name]}
    assert kinds == {
        "ServiceAccount",
        "Role",
        "RoleBinding",
        "StatefulSet",
        "Service",
        "PodDisruptionBudget",
        "NetworkPolicy",
    }
    assert "--scope=namespace" in arguments(renders[name], "controller")


def test_kustomize_and_helm_grant_the_same(renders: dict[str, list[Object]]) -> None:
    for variant, kind in (("cluster", "ClusterRole"), ("namespace", "Role")):
        by_kustomize = [role["rules"] for role in of_kind(renders[f"kustomize-{variant}"], kind) if role.get("rules")]
        by_helm = [role["rules"] for role in of_kind(renders[f"helm-{variant}"], kind)]
        assert sorted(by_kustomize, key=len) == sorted(by_helm, key=len)


def test_the_chart_grants_what_configured_and_extra_kinds_need(renders: dict[str, list[Object]]) -> None:
    (role,) = of_kind(renders["helm-everything"], "ClusterRole")
    for rule in (
        {"apiGroups": ["cert-manager.io"], "resources": ["certificates"], "verbs": WATCHED},
        {"apiGroups": [""], "resources": ["endpoints"], "verbs": WATCHED},
        {
            "apiGroups": ["networking.istio.io"],
            "resources": ["destinationrules", "envoyfilters"],
            "verbs": [*WATCHED, "create", "delete"],
        },
        {"apiGroups": ["apps"], "resources": ["replicasets"], "verbs": WATCHED},
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list", "watch"]},
    ):
        assert rule in role["rules"]


def rules_of(objects: list[Object]) -> list[Object]:
    """The rules of all roles, in their order."""
    return [rule for role in of_kind(objects, "Role", "ClusterRole") for rule in role.get("rules") or ()]
