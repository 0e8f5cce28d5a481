"""The options of a real cluster, for the commands that talk to one."""

from __future__ import annotations

from pathlib import Path

import click

from iter8_gitops.cli.options import combined, namespace_name, seconds_between
from iter8_gitops.spec.names import is_namespace, namespace_hint

_LONGEST_INSTANCE = 50


def _instance_name(_context: click.Context, _option: click.Parameter, value: str) -> str:
    # It is a label value, the name of a Lease and part of the name of a finalizer: one rule serves all three.
    if not is_namespace(value) or len(value) > _LONGEST_INSTANCE:
        hint = namespace_hint(value) if len(value) <= _LONGEST_INSTANCE else f"at most {_LONGEST_INSTANCE} characters"
        message = f"{value!r} is no valid name; {hint}"
        raise click.BadParameter(message)
    return value


connection_options = combined(
    click.option(
        "--kubeconfig",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Kubeconfig file. [default: KUBECONFIG, ~/.kube/config, or the pod's service account]",
    ),
    click.option("--context", metavar="NAME", help="Context of the kubeconfig. [default: its current context]"),
    click.option(
        "--instance",
        default="iter8-gitops",
        show_default=True,
        metavar="NAME",
        callback=_instance_name,
        help="Name of this installation: of its Lease, and on every object that it applies. Two installations in "
        "one cluster need two names.",
    ),
    click.option(
        "--scope",
        type=click.Choice(["cluster", "namespace"]),
        help="Whether all namespaces are looked at, or only one: --namespace, else the context's or the pod's. "
        "[default: cluster, unless --config says otherwise]",
    ),
)

controller_cluster_options = combined(
    connection_options,
    click.option(
        "--configmaps/--no-configmaps",
        default=True,
        show_default=True,
        help="Read routemaps from the cluster's ConfigMaps that are labelled iter8.tools/kind: routemap.",
    ),
    click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Configuration with Iter8's `resourceTypes`: more kinds by short name, and their conditions.",
    ),
    click.option(
        "--leader-elect/--no-leader-elect",
        default=True,
        show_default=True,
        help="Write to the cluster only while holding the Lease. Without it, run one replica only.",
    ),
    click.option(
        "--lease-namespace",
        metavar="NAME",
        callback=namespace_name,
        help="Namespace of the Lease. [default: the pod's or the context's]",
    ),
    click.option(
        "--lease-seconds",
        type=float,
        default=15.0,
        show_default=True,
        callback=seconds_between(3, 3600),
        help="How long after the leader's last sign of life another replica takes over.",
    ),
    click.option(
        "--finalizers/--no-finalizers",
        default=True,
        show_default=True,
        help="Keep resources that routemaps name until traffic has left them.",
    ),
    click.option(
        "--drain",
        type=float,
        default=10.0,
        show_default=True,
        metavar="SECONDS",
        callback=seconds_between(0, 3600),
        help="How long a resource that is deleted is kept after traffic has left it.",
    ),
)
