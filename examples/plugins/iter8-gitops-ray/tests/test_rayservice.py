# SPDX-License-Identifier: Apache-2.0
"""The contract that iter8-gitops asks of a plugin, held against RayServices in every state."""

from iter8_gitops.testing import Edit, ObjectContract

import iter8_gitops_ray

CLUSTER = "spec.rayClusterConfig"
WORKERS = f"{CLUSTER}.workerGroupSpecs[0]"


class TestRayService(ObjectContract):
    plugin = iter8_gitops_ray
    samples = "samples"
    expected = {
        "serving": ("ready", True),
        "serving-without-conditions": ("ready", True),
        "new": ("progressing", False),
        "initializing": ("progressing", False),
        "initializing-timed-out": ("failed", False),
        "no-endpoints": ("progressing", False),
        "generation-behind": ("progressing", True),
        "upgrading": ("progressing", True),
        "deploying": ("progressing", True),
        "deploy-failed": ("failed", True),
        "terminating": ("terminating", False),
    }
    content_edits = [
        Edit("spec.serveConfigV2", "applications: []"),
        Edit(f"{CLUSTER}.rayVersion", "2.47.0"),
        Edit(f"{CLUSTER}.headGroupSpec.template.spec.containers[0].image", "rayproject/ray:2.47.0"),
        Edit(f"{WORKERS}.template.spec.containers[0].image", "rayproject/ray:2.47.0"),
    ]
    other_edits = [
        Edit(f"{WORKERS}.replicas", 4),
        Edit(f"{WORKERS}.minReplicas", 0),
        Edit(f"{WORKERS}.maxReplicas", 50),
        Edit(f"{WORKERS}.scaleStrategy", {"workersToDelete": ["translate-worker-x"]}),
        Edit(f"{CLUSTER}.enableInTreeAutoscaling", False),
        Edit(f"{CLUSTER}.autoscalerOptions.idleTimeoutSeconds", 600),
        Edit("spec.serviceUnhealthySecondThreshold", 900),
    ]
