"""`validate`: every problem of routemap files, before they are committed."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from iter8_gitops.cli.options import namespace_name
from iter8_gitops.cli.trees import read_tree, shown_path, unreadable
from iter8_gitops.spec.problem import Problem

if TYPE_CHECKING:
    from iter8_gitops.core.desired import Declared
    from iter8_gitops.hooks.manager import Plugins
    from iter8_gitops.spec.kinds import KindTable


@click.command(short_help="Check routemap files before they are committed.")
@click.argument("paths", nargs=-1, required=True)
@click.option("--namespace", metavar="NAME", callback=namespace_name, help="Namespace of documents that state none.")
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Configuration with Iter8's `resourceTypes`: more kinds by short name (each with its `Kind`).",
)
def validate(paths: tuple[str, ...], namespace: str | None, config: Path | None) -> None:
    """Check the routemaps in files and directories; Kubernetes manifests beside them are ignored.

    Prints one line per problem, file:line:column first, and exits with 1 when there is any.

    \b
    Examples:
      iter8-gitops validate examples/routemaps
      iter8-gitops validate routemaps/*.yaml
    """
    from iter8_gitops.core.desired import desired
    from iter8_gitops.hooks.manager import Plugins
    from iter8_gitops.runtime.configuration import load_configuration
    from iter8_gitops.runtime.intake import Intake
    from iter8_gitops.runtime.kind_resolver import KindResolver

    plugins = Plugins.load()
    kinds = KindResolver(load_configuration(config).resource_types if config else (), plugins).table()
    intake = Intake(kinds, namespace)
    trees = {path: intake.decode(read_tree(path, "validate")) for path in dict.fromkeys(paths)}
    wanted = desired(list(trees.values()), {})
    problems = {path: list(wanted.problems[path]) for path in trees}
    for path, tree in trees.items():
        for contents in tree.files.values():
            problems[path].extend(unreadable(path, contents.unreadable_problems))
    for declared in wanted.declared.values():
        problems[declared.origin.source].extend(_template_problems(declared, plugins, kinds))
    for path, found in problems.items():
        for problem in found:
            click.echo(str(replace(problem, file=shown_path(path, problem.file))))
    count = sum(len(found) for found in problems.values())
    routemaps = sum(len(file.routemaps) for tree in trees.values() for file in tree.files.values())
    click.echo(f"{_plural(routemaps, 'routemap')} checked, {_plural(count, 'problem')}", err=True)
    if count:
        sys.exit(1)


def _template_problems(declared: Declared, plugins: Plugins, kinds: KindTable) -> tuple[Problem, ...]:
    """What goes wrong when the routing templates are rendered while only the primary takes traffic."""
    from iter8_gitops.core.reconcile import reconcile
    from iter8_gitops.runtime.inspection import tools
    from iter8_gitops.spec.resource import Absent

    nothing = {resource: Absent("NotFound", "not looked for") for resource in declared.routemap.resource_ids}
    return reconcile(declared, nothing, tools(plugins, kinds), None, (), now=0.0).state.problems


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
