"""The story of the tutorial on a cluster with kubelets: the installed image, real pods, real endpoints."""

from __future__ import annotations

from tests.kind.conftest import NAMESPACE, KindCluster, wait_until

ROUTEMAP = f"""
apiVersion: v1
kind: ConfigMap
metadata:
  name: backend
  labels: {{iter8.tools/kind: routemap, iter8.tools/version: v0.17}}
immutable: true
data:
  strSpec: |
    versions:
    - resources:
      - {{gvrShort: deploy, name: backend-0, namespace: {NAMESPACE}}}
    - resources:
      - {{gvrShort: deploy, name: backend-1, namespace: {NAMESPACE}}}
    routingTemplates:
      route:
        gvrShort: cm
        template: |
          apiVersion: v1
          kind: ConfigMap
          metadata:
            name: backend-route
          data:
            candidate: "{{{{ index .Weights 1 }}}}"
"""


def deployment(version: int) -> str:
    return f"""
apiVersion: apps/v1
kind: Deployment
metadata:
  name: backend-{version}
  labels: {{iter8.tools/watch: "true"}}
spec:
  selector: {{matchLabels: {{app: backend-{version}}}}}
  template:
    metadata: {{labels: {{app: backend-{version}}}}}
    spec:
      containers:
      - {{name: pause, image: registry.k8s.io/pause:3.9}}
"""


def route(cluster: KindCluster) -> str:
    return cluster.kubectl(
        "get", "configmap", "backend-route", "--ignore-not-found", "--output=jsonpath={.data.candidate}"
    )


def test_a_candidate_comes_gets_traffic_and_goes_after_traffic_has_left_it(kind_cluster: KindCluster) -> None:
    kind_cluster.kubectl("apply", "--filename=-", stdin=ROUTEMAP)
    kind_cluster.kubectl("apply", "--filename=-", stdin=deployment(0))
    wait_until(lambda: kind_cluster.versions_of("backend") == {0}, "the primary answers for everybody")
    wait_until(lambda: route(kind_cluster) == "0", "the route is applied")

    kind_cluster.kubectl("apply", "--filename=-", stdin=deployment(1))
    wait_until(lambda: kind_cluster.versions_of("backend") == {0, 1}, "the candidate gets its share")
    wait_until(lambda: route(kind_cluster) == "1", "the route follows")
    finalizers = kind_cluster.kubectl("get", "deployment", "backend-1", "--output=jsonpath={.metadata.finalizers}")
    assert "iter8.tools/finalizer" in finalizers

    kind_cluster.kubectl("delete", "deployment", "backend-1", "--wait=false")
    wait_until(lambda: kind_cluster.versions_of("backend") == {0}, "traffic leaves the candidate")
    assert kind_cluster.kubectl("get", "deployment", "backend-1", "--output=name"), "it is kept while traffic drains"
    kind_cluster.kubectl("wait", "--for=delete", "deployment/backend-1", "--timeout=60s")

    kind_cluster.kubectl("delete", "configmap", "backend")
    wait_until(lambda: not kind_cluster.kubectl("get", "configmap", "backend-route", "--ignore-not-found"), "no route")


def test_answers_survive_the_pod(kind_cluster: KindCluster) -> None:
    kind_cluster.kubectl("apply", "--filename=-", stdin=ROUTEMAP)
    wait_until(lambda: kind_cluster.versions_of("backend") == {0}, "the primary answers")
    before = kind_cluster.kubectl("get", "pod", "iter8-gitops-0", "--output=jsonpath={.metadata.uid}")
    kind_cluster.kubectl("delete", "pod", "iter8-gitops-0")
    kind_cluster.kubectl("rollout", "status", "statefulset/iter8-gitops", "--timeout=120s")
    after = kind_cluster.kubectl("get", "pod", "iter8-gitops-0", "--output=jsonpath={.metadata.uid}")
    assert after != before
    # The forwarded port belonged to the former pod, so the new one is asked inside.
    asked = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8080/readyz').status)"
    answer = kind_cluster.kubectl("exec", "iter8-gitops-0", "--container=http", "--", "python", "-c", asked)
    assert answer.strip() == "200"
