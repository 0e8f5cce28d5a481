"""`render`: the routes of a routemap for given availability and weights, before it is committed."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from iter8_gitops.cli.options import namespace_name
from iter8_gitops.cli.output import print_json
from iter8_gitops.errors import ConfigurationError, NotFoundError

if TYPE_CHECKING:
    from iter8_gitops.core.desired import Declared
    from iter8_gitops.core.reconcile import Reconciliation


def _numbers(_context: click.Context, _option: click.Parameter, value: str | None) -> tuple[int, ...] | None:
    """Whole numbers, separated by commas."""
    if value is None:
        return None
    parts = [part.strip() for part in value.split(",") if part.strip()]
    if not all(part.isascii() and part.isdigit() and len(part) <= 10 for part in parts):
        message = f"{value!r} is no list of whole numbers such as 90,10"
        raise click.BadParameter(message)
    return tuple(int(part) for part in parts)


@click.command(short_help="Show the routes of routemaps for given availability and weights.")
@click.argument("paths", nargs=-1, required=True, metavar="FILE|DIR|-...")
@click.option("--routemap", metavar="NAME", help="Only the routemap of this name, namespace/name.")
@click.option(
    "--available",
    callback=_numbers,
    metavar="INDICES",
    help="The versions that answer, such as 0,1. [default: all of them]",
)
@click.option(
    "--weights", callback=_numbers, metavar="WEIGHTS", help="Weights instead of the declared ones, such as 90,10."
)
@click.option("--namespace", metavar="NAME", callback=namespace_name, help="Namespace of documents that state none.")
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Configuration with Iter8's `resourceTypes`: more kinds by short name (each with its `Kind`).",
)
@click.option(
    "-o", "--output", type=click.Choice(["yaml", "json"]), default="yaml", show_default=True, help="Output format."
)
def render(
    paths: tuple[str, ...],
    routemap: str | None,
    available: tuple[int, ...] | None,
    weights: tuple[int, ...] | None,
    namespace: str | None,
    config: Path | None,
    output: str,
) -> None:
    """Print the routes that the routemaps in files and directories would give.

    Nothing is asked of a cluster or a server: every version is taken to answer, unless --available says which do.
    Exits with 1 when something is wrong with a routemap or a template.

    \b
    Examples:
      iter8-gitops render examples --routemap shop/checkout
      iter8-gitops render examples --routemap shop/checkout --available 0
      iter8-gitops render routemaps/ --routemap shop/checkout --weights 50,50
    """
    from iter8_gitops.cli.material import find_routemap, material_at
    from iter8_gitops.cli.rules import rules_of
    from iter8_gitops.runtime.preview import preview

    rules = rules_of(config)
    material = [material_at(path, rules.kinds, namespace) for path in dict.fromkeys(paths)]
    problems = [problem for each in material for problem in each.problems]
    if routemap is not None:
        declared, more = find_routemap(routemap, material, rules.kinds, namespace)
        chosen: Sequence[Declared] = [declared]
        problems += more
    else:
        chosen = [declared for each in material for _, declared in each.routemaps]
    if not chosen and not problems:
        raise NotFoundError("paths", f"there is no routemap in {', '.join(paths)}")
    results = []
    for declared in chosen:
        _check(declared, available, weights)
        result = preview(declared, rules.plugins, rules.kinds, available=available, weights=weights)
        results.append(result)
        path = declared.origin.path
        problems += [str(replace(problem, file=path)) for problem in result.state.problems]
    if output == "json":
        print_json([_json(result) for result in results])
    else:
        click.echo("".join(text for result in results for text in _yaml(result)), nl=False)
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        sys.exit(1)


def _check(declared: Declared, available: Sequence[int] | None, weights: Sequence[int] | None) -> None:
    count, name = len(declared.routemap.versions), declared.routemap.application
    unknown = [index for index in available or () if index >= count]
    if unknown:
        message = f"--available {unknown[0]}: {name} has the versions 0 to {count - 1}"
        raise ConfigurationError(message)
    if weights is not None and len(weights) != count:
        message = f"--weights gives {len(weights)} weights, and {name} has {count} versions"
        raise ConfigurationError(message)


def _yaml(result: Reconciliation) -> Iterator[str]:
    weights = ":".join(str(weight) for weight in result.state.weights)
    for route in result.routes:
        yield f"---\n# {result.state.application}, template {route.template}, weights {weights}\n{route.text}"
    if not result.routes and not result.state.problems:
        yield f"# {result.state.application} renders no route; weights {weights}\n"


def _json(result: Reconciliation) -> dict[str, object]:
    return {
        "application": result.state.application,
        "weights": list(result.state.weights),
        "routes": [
            {
                "template": route.template,
                "group": route.group,
                "kind": route.kind,
                "namespace": route.namespace,
                "name": route.name,
                "text": route.text,
            }
            for route in result.routes
        ],
        "problems": [str(problem) for problem in result.state.problems],
    }
