"""The command, its options and examples."""

from __future__ import annotations

import functools
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from iter8_gitops.cli.cluster_options import connection_options
from iter8_gitops.cli.options import (
    DEFAULT_SERVER,
    combined,
    git_access_options,
    location_argument,
    namespace_name,
    output_option,
)
from iter8_gitops.cli.output import print_json
from iter8_gitops.errors import ConfigurationError, Iter8Error

if TYPE_CHECKING:
    from iter8_gitops.cli.diff.present import Present
    from iter8_gitops.runtime.foresight.wiring import ForesightSettings

_DIFFERENT = 1
_ERROR = 2

_tree_options = combined(
    click.option("--branch", metavar="REF", help="Git branch, tag or full commit id. [default: the remote's HEAD]"),
    click.option("--path", "subpath", default="", metavar="DIR", help="Folder inside the repository to read."),
    click.option(
        "--namespace",
        metavar="NAME",
        callback=namespace_name,
        help="Namespace of documents that state none, and the one that --scope namespace means.",
    ),
    click.option(
        "--cluster",
        metavar="manifests[:DIR]|DIR|kubernetes",
        default="manifests",
        show_default=True,
        help="Where live resources are seen, as for the controller.",
    ),
    click.option(
        "--routes-dir",
        type=click.Path(path_type=Path, file_okay=False),
        help="Where the controller writes rendered routes, unless to a real cluster. [default: routes/ in the state "
        "directory, if that is given; else routes are compared by name only]",
    ),
    click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        help="The controller's configuration, with Iter8's `resourceTypes`.",
    ),
)
_present_options = combined(
    click.option(
        "--server",
        envvar="ITER8_SERVER",
        metavar="URL|none",
        help=f"Where the present state is: an HTTP API, or 'none' to compare with nothing. [default: {DEFAULT_SERVER}]",
    ),
    click.option(
        "--state-dir",
        type=click.Path(path_type=Path, file_okay=False),
        help="The state directory of a controller on this machine, instead of --server. Only read.",
    ),
)


def _exiting(command: Callable[..., bool]) -> Callable[..., None]:
    """Exit as `kubectl diff` does: `command` says whether there are differences, and nothing that goes wrong is 1."""

    @functools.wraps(command)
    def run(**options: Any) -> None:
        try:
            different = command(**options)
        except Iter8Error as error:
            click.echo(f"iter8-gitops: {error}", err=True)
            sys.exit(_ERROR)
        except (click.ClickException, BrokenPipeError):
            raise
        except Exception:  # noqa: BLE001 (Python would exit with 1, which means something here)
            traceback.print_exc()
            sys.exit(_ERROR)
        sys.exit(_DIFFERENT if different else 0)

    return run


@click.command(short_help="Show what a tree or commit would change, before it is reconciled.")
@location_argument
@_tree_options
@git_access_options
@connection_options
@_present_options
@output_option
@_exiting
def diff(location: str | None, server: str | None, state_dir: Path | None, output: str, **options: Any) -> bool:
    """Show what would change on the cluster and on the board if PATH|URL were reconciled now.

    For every routemap: weights, targeting, the expected share of users that get another version, versions whose metrics
    start anew, what versions wait for, and routes with the fields that change. Nothing is written anywhere: not to the
    cluster, the board, nor the repository.

    Give PATH|URL, --path, --namespace, --cluster and --config as the controller has them. The whole tree counts: a
    routemap that is on the board and not in it is pruned.

    Exits with 0 when nothing would change, 1 when something would, and 2 when that cannot be told: the tree, the
    cluster or the present state cannot be read. Problems in files go to standard error, and change nothing about the
    exit code: a broken document keeps its routemap as it is.

    \b
    Examples:
      iter8-gitops diff ./routemaps
      iter8-gitops diff https://github.com/you/routemaps --branch new-checkout
      iter8-gitops diff . --branch "$(git rev-parse HEAD)" --cluster kubernetes --server http://iter8:8080
      iter8-gitops diff examples --state-dir /var/lib/iter8
      iter8-gitops diff examples --server none -o json
    """
    from iter8_gitops.cli.diff.document import document
    from iter8_gitops.cli.diff.text import text
    from iter8_gitops.runtime.foresight.wiring import differences

    if location is None:
        raise ConfigurationError("give PATH|URL: the tree or the repository to compare with the present state")
    present = _present(server, state_dir)
    found = differences(_settings(location, state_dir, options), present.states, present.shown)
    for problem in found.problems:
        click.echo(" ".join(str(problem).splitlines()), err=True)
    for note in found.notes:
        click.echo(f"note: {note}", err=True)
    if present.stale:
        click.echo(f"note: the present state may be out of date: {present.stale}", err=True)
    if output == "json":
        print_json(document(found, present.place))
    else:
        click.echo(text(found))
    return found.any


def _present(server: str | None, state_dir: Path | None) -> Present:
    from iter8_gitops.cli.diff.present import NO_SERVER, Present, on_board, on_server
    from iter8_gitops.spec.state_folder import StateFolder

    named = [option for option in ("server", "state_dir") if _is_named(option)]
    if len(named) > 1:
        raise click.UsageError("--server and --state-dir are two places of the present state; give one of them")
    if state_dir is not None and named != ["server"]:
        return on_board(StateFolder(state_dir.absolute()))
    if server == NO_SERVER:
        return Present()
    return on_server(server or DEFAULT_SERVER)


def _is_named(option: str) -> bool:
    """Whether it is on the command line, rather than in the environment."""
    return click.get_current_context().get_parameter_source(option) is click.core.ParameterSource.COMMANDLINE


def _settings(location: str, state_dir: Path | None, options: dict[str, Any]) -> ForesightSettings:
    from iter8_gitops.cli.settings import credentials_of, verification_of
    from iter8_gitops.contracts.cluster import ClusterAccess
    from iter8_gitops.runtime.foresight.wiring import ForesightSettings
    from iter8_gitops.spec.state_folder import StateFolder

    kubeconfig = options["kubeconfig"]
    return ForesightSettings(
        location=location,
        branch=options["branch"],
        subpath=options["subpath"],
        namespace=options["namespace"],
        cluster=options["cluster"],
        routes=options["routes_dir"] or (StateFolder(state_dir.absolute()).routes if state_dir is not None else None),
        config=options["config"],
        access=ClusterAccess(
            kubeconfig=str(kubeconfig) if kubeconfig else None,
            context=options["context"],
            instance=options["instance"],
            scope=options["scope"],
            configmaps=False,
        ),
        credentials=credentials_of(options),
        verification=verification_of(options),
    )
