"""Both forms of routemaps."""

from __future__ import annotations

import pytest

from iter8_gitops.spec.resource import ResourceId
from iter8_gitops.spec.routemap import (
    Assignment,
    Routemap,
    RoutingTemplate,
    Version,
)
from tests.spec.builders import HEADER, routemap, seed

ISVC = "serving.kserve.io"


def model(name: str, namespace: str = "modelmesh-serving") -> ResourceId:
    return ResourceId(ISVC, "InferenceService", namespace, name)


def test_the_configmap_of_the_tutorial_is_a_routemap() -> None:
    assert routemap(seed("backend-routemap")) == Routemap(
        namespace="modelmesh-serving",
        name="backend",
        versions=(Version("v0", (model("backend-0"),)), Version("v1", (model("backend-1"),))),
        labels=(
            ("app.kubernetes.io/managed-by", "iter8"),
            ("iter8.tools/kind", "routemap"),
            ("iter8.tools/version", "v0.17"),
        ),
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("immutable: true\n", ""),
        ("immutable: true\n", "immutable: false\nbinaryData: {}\n"),
        ('iter8.tools/version: "v0.17"', "iter8.tools/version: nightly"),
        ('    iter8.tools/version: "v0.17"\n', ""),
        ("  name: backend\n", "  name: backend\n  creationTimestamp: null\n  uid: x\n  resourceVersion: '7'\n"),
        ("  name: backend\n", "  name: backend\n  annotations:\n"),
    ],
)
def test_the_iter8_form_is_accepted_with_whatever_kubernetes_adds(before: str, after: str) -> None:
    assert before in seed("backend-routemap")

    assert routemap(seed("backend-routemap").replace(before, after)).application == "modelmesh-serving/backend"


NATIVE = """\
apiVersion: iter8.tools/v1
kind: Routemap
metadata:
  name: checkout
  namespace: shop
  labels: {team: payments}
  annotations: {iter8.tools/weight: "3"}
  generation: 4
  uid: 6c3e2b0c-6f0e-4d0c-9a52-000000000001
spec:
  assignment: {salt: autumn}
  versions:
  - name: stable
    weight: 90
    resources:
    - {gvrShort: deploy, name: checkout}
    - {gvrShort: services, name: checkout, namespace: edge}
  - resources:
    - {apiVersion: serving.kserve.io/v1beta1, kind: InferenceService, name: model.v2}
    - {apiVersion: v1, kind: Pod, name: pod}
    weight: 0
  routingTemplates:
    route:
      gvrShort: svc
      template: "{{ index .Weights 0 }}"
    other: {template: x, engine: go}
    ours: {template: text, engine: jinja2, forceConflicts: true}
status: {}
"""


def test_the_native_form_is_a_routemap() -> None:
    assert routemap(NATIVE) == Routemap(
        namespace="shop",
        name="checkout",
        versions=(
            Version(
                "stable",
                (ResourceId("apps", "Deployment", "shop", "checkout"), ResourceId("", "Service", "edge", "checkout")),
                90,
            ),
            Version("v1", (model("model.v2", "shop"), ResourceId("", "Pod", "shop", "pod")), 0),
        ),
        routing_templates=(
            RoutingTemplate("route", "{{ index .Weights 0 }}", "go", ("", "Service")),
            RoutingTemplate("other", "x"),
            RoutingTemplate("ours", "text", "jinja2", force_conflicts=True),
        ),
        assignment=Assignment("autumn"),
        labels=(("team", "payments"),),
        annotations=(("iter8.tools/weight", "3"),),
        uid="6c3e2b0c-6f0e-4d0c-9a52-000000000001",
    )


def test_null_counts_as_absent() -> None:
    text = f"{HEADER}  namespace:\n  labels:\nspec:\n  versions:\n  - name:\n    weight:\n    resources:\n"
    text += "    - {gvrShort: svc, name: a, apiVersion: , namespace: null}\n  routingTemplates:\n  assignment:\n"

    assert routemap(text).versions == (Version("v0", (ResourceId("", "Service", "default", "a"),)),)


def spec_with_namespaces(*namespaces: str | None) -> str:
    stated = (f", namespace: {namespace}" if namespace else "" for namespace in namespaces)
    resources = "".join(f"    - {{gvrShort: svc, name: r{i}{each}}}\n" for i, each in enumerate(stated))
    return f"spec:\n  versions:\n  - resources:\n{resources}"


@pytest.mark.parametrize(
    ("own", "default", "of_resources", "namespace"),
    [
        ("own", "standard", ("other",), "own"),
        (None, "standard", ("other",), "standard"),
        (None, None, ("other",), "other"),
        (None, None, ("other", None, "other"), "other"),
        (None, None, ("one", "two"), "default"),
        (None, None, (None,), "default"),
    ],
)
def test_the_namespace_is_the_first_that_something_states(
    own: str | None, default: str | None, of_resources: tuple[str | None, ...], namespace: str
) -> None:
    metadata = f"  namespace: {own}\n" if own else ""

    found = routemap(HEADER + metadata + spec_with_namespaces(*of_resources), namespace=default)

    assert found.namespace == namespace
    stated = [each or namespace for each in of_resources]
    assert [resource.namespace for resource in found.versions[0].resources] == stated


def test_the_same_resource_may_be_in_two_versions() -> None:
    resource = "[{gvrShort: svc, name: a}]"
    found = routemap(f"{HEADER}spec:\n  versions:\n  - resources: {resource}\n  - resources: {resource}\n")

    assert found.versions[0].resources == found.versions[1].resources


def test_a_hundred_versions_are_accepted() -> None:
    versions = "".join(f"  - resources: [{{gvrShort: svc, name: a{i}}}]\n" for i in range(100))

    assert len(routemap(f"{HEADER}spec:\n  versions:\n{versions}").versions) == 100
