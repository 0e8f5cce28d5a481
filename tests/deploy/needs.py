"""What the controller does in a cluster, by group and resource; written down apart from the manifests."""

from __future__ import annotations

from collections.abc import Iterable

WATCHED = ("get", "list", "watch", "patch")
"""What a routemap names is followed, and `patch` puts and removes finalizers."""
ROUTES = (*WATCHED, "create", "delete")

NAMED = (
    ("", "services"),
    ("", "persistentvolumeclaims"),
    ("apps", "deployments"),
    ("apps", "statefulsets"),
    ("apps", "daemonsets"),
    ("batch", "jobs"),
    ("serving.kserve.io", "inferenceservices"),
    ("serving.knative.dev", "services"),
    ("argoproj.io", "rollouts"),
)
"""What routemaps may name, and templates do not render."""
OPT_INS = ("pods", "secrets")
"""Of the core group; each is a component of the same name."""

NEEDED = {
    **dict.fromkeys(NAMED, WATCHED),
    ("", "configmaps"): ROUTES,
    ("", "events"): ("create", "patch"),
    ("networking.istio.io", "virtualservices"): ROUTES,
    ("gateway.networking.k8s.io", "httproutes"): ROUTES,
}

Rule = tuple[str, str, str, tuple[str, ...]]
"""Group, resource, verb, and the names that it is limited to; none is no limit."""


def expected_rules(components: Iterable[str]) -> set[Rule]:
    """All that a service account may do in the namespace of its installation, with these components in the overlay."""
    needed = NEEDED | {("", component): WATCHED for component in components}
    rules: set[Rule] = {(*resource, verb, ()) for resource, verbs in needed.items() for verb in verbs}
    lease = ("coordination.k8s.io", "leases")
    rules |= {(*lease, "create", ()), *((*lease, verb, ("iter8-gitops",)) for verb in ("get", "update", "patch"))}
    # Everybody may ask what they may do.
    return rules | {("authorization.k8s.io", f"selfsubject{what}reviews", "create", ()) for what in ("access", "rules")}
