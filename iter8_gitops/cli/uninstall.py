"""`uninstall`: removes what a controller left in a Kubernetes cluster."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from iter8_gitops.cli.options import namespace_name

if TYPE_CHECKING:
    from iter8_gitops.kube.client import KubeClient
    from iter8_gitops.runtime.uninstall import UninstallSettings
    from iter8_gitops.runtime.uninstall_report import KindReport, Outcome


@click.command(short_help="Remove all traces of a controller from a Kubernetes cluster.")
@click.option(
    "--kubeconfig", metavar="FILE", help="Kubeconfig file. [default: $KUBECONFIG, ~/.kube/config, or the pod's]"
)
@click.option("--context", metavar="NAME", help="Context of the kubeconfig. [default: the current one]")
@click.option("--instance", default="iter8-gitops", show_default=True, metavar="NAME", help="Which installation.")
@click.option(
    "--namespace",
    metavar="NAME",
    callback=namespace_name,
    help="Namespace that the controller ran in, which holds its lease. [default: the context's]",
)
@click.option(
    "--scope",
    type=click.Choice(["cluster", "namespace"]),
    default="cluster",
    show_default=True,
    help="Look in all namespaces, or only in that of --namespace.",
)
@click.option(
    "--all-kinds",
    is_flag=True,
    help="Look at objects of every kind that the cluster serves, not only of those that the controller noted or knows.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=1, max=86_400),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="How long it may take in total.",
)
@click.option("--dry-run", is_flag=True, help="Only tell what would be done.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--force", is_flag=True, help="Go on though a controller is running.")
def uninstall(
    kubeconfig: str | None,
    context: str | None,
    instance: str,
    namespace: str | None,
    scope: str,
    all_kinds: bool,
    timeout: float,
    dry_run: bool,
    yes: bool,
    force: bool,
) -> None:
    """Remove what the controller left in a Kubernetes cluster, after it was removed itself.

    Its finalizers go, so that nothing waits for a controller that is no more. Routes that it created
    are deleted; objects that were there before lose only what it had applied. Its lease goes last.
    Other installations are left alone, except that the finalizer is the same for all: theirs put it
    on again.

    Exits with 1 when something is left: it can be run again at any time. It refuses to work while a
    controller is running. With --force it takes the lease from it, and waits until that has noticed;
    but the controller begins again afterwards unless it is removed.

    \b
    Examples:
      iter8-gitops uninstall --namespace iter8-system --dry-run
      iter8-gitops uninstall --namespace iter8-system --yes
      iter8-gitops uninstall --namespace shop --scope namespace --instance shop --yes
    """
    from iter8_gitops.hooks.manager import Plugins
    from iter8_gitops.kube.client import KubeClient
    from iter8_gitops.runtime import uninstall as work
    from iter8_gitops.runtime.uninstall_lease import StillRunningError

    client = KubeClient.connect(kubeconfig=kubeconfig, context=context)
    try:
        home = namespace or client.namespace
        settings = work.UninstallSettings(
            namespace=home,
            instance=instance,
            scope=home if scope == "namespace" else None,
            known=frozenset((kind.group, kind.kind) for kind in Plugins.load().kinds()),
            all_kinds=all_kinds,
            timeout=timeout,
            dry_run=dry_run,
            force=force,
        )
        if not dry_run and not yes:
            _ask(client, settings)
        outcome = work.uninstall(client, settings, work.Listener(click.echo, _Lines(dry_run=dry_run).show))
    except StillRunningError as error:
        click.echo(f"iter8-gitops: {error}", err=True)
        sys.exit(1)
    finally:
        client.close()
    _conclude(outcome, settings)


def _ask(client: KubeClient, settings: UninstallSettings) -> None:
    """Return when a person agrees; without one to ask, refuse."""
    if not sys.stdin.isatty():
        raise click.UsageError("nobody can be asked here: pass --yes, or --dry-run to see what would be done")
    where = f"namespace {settings.scope}" if settings.scope else "all namespaces"
    cluster = f"{client.server}{f' ({client.context})' if client.context else ''}"
    click.confirm(f"Remove what {settings.instance} left in {where} of {cluster}?", abort=True)


class _Lines:
    """Shows one line for a kind where there was something, and no line twice while a kind is looked at again."""

    def __init__(self, *, dry_run: bool) -> None:
        self._would = "would be " if dry_run else ""
        self._shown: set[str] = set()

    def show(self, report: KindReport) -> None:
        """Show what became of a kind."""
        done = [
            f"{report.finalizers} {self._would}released from the finalizer" if report.finalizers else "",
            f"{report.deleted} {self._would}deleted" if report.deleted else "",
            f"{report.released} {self._would}let go" if report.released else "",
            f"{len(report.left)} left" if report.left else "",
            report.failure,
        ]
        said = "; ".join(filter(None, done))
        line = f"{report.kind}: {said}"
        if said and (report.changed or line not in self._shown):
            self._shown.add(line)
            click.echo(line)


def _conclude(outcome: Outcome, settings: UninstallSettings) -> None:
    for sentence in outcome.left:
        click.echo(f"left: {sentence}", err=True)
    looked = f"looked at {len(outcome.kinds)} kinds"
    if not outcome.complete:
        what = "cannot tell everything" if settings.dry_run else "not everything could be removed; the lease stays"
        click.echo(f"{looked}; {what}", err=True)
        sys.exit(1)
    if outcome.lease_deleted:
        click.echo(f"lease {settings.namespace}/{settings.instance}: deleted")
    if settings.dry_run:
        click.echo(f"{looked}; nothing was changed")
    elif not outcome.changed:
        click.echo(f"{looked}; nothing left")
    else:
        click.echo(f"{looked}; all traces are removed")
