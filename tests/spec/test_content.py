from __future__ import annotations

from typing import Any

import pytest

from iter8_gitops.spec.content import pod_template
from iter8_gitops.spec.resource import Resource, ResourceId

RESTART = {"kubectl.kubernetes.io/restartedAt": "2025-03-01T10:00:00Z"}
CONTAINERS = [{"name": "backend", "image": "registry.example/backend:1.4.2"}]


def workload(template: Any) -> Resource:
    return Resource(ResourceId("apps", "Deployment", "shop", "backend"), {"spec": {"template": template}})


@pytest.mark.parametrize(
    "metadata",
    [
        {"labels": {"app": "backend"}},
        {"labels": {"app": "backend"}, "annotations": RESTART},
        {"labels": {"app": "backend"}, "annotations": {}},
        {"labels": {"app": "backend"}, "annotations": None},
        {"labels": {"app": "backend"}, "creationTimestamp": None},
    ],
)
def test_a_template_is_the_same_whenever_it_was_made_or_restarted(metadata: dict[str, Any]) -> None:
    template = pod_template(workload({"metadata": metadata, "spec": {"containers": CONTAINERS}}))
    assert template == {"metadata": {"labels": {"app": "backend"}}, "spec": {"containers": CONTAINERS}}


def test_other_annotations_of_a_template_count() -> None:
    annotations = {"checksum/config": "f00", **RESTART}
    template = pod_template(workload({"metadata": {"annotations": annotations}}))
    assert template == {"metadata": {"annotations": {"checksum/config": "f00"}}}


def test_labels_that_a_controller_writes_can_be_left_out() -> None:
    template = workload({"metadata": {"labels": {"app": "backend", "written": "yes"}}})
    assert pod_template(template, without_labels={"written"}) == {"metadata": {"labels": {"app": "backend"}}}
    assert pod_template(template)["metadata"]["labels"]["written"] == "yes"


@pytest.mark.parametrize("template", [None, [], "text", {"metadata": "text"}, {"metadata": {"labels": None}}])
def test_a_malformed_template_reads_as_an_empty_one(template: Any) -> None:
    assert pod_template(workload(template)) == {"metadata": {}}
