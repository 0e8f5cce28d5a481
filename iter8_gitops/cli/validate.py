"""`validate`: every problem of routemap files, before they are committed."""

from __future__ import annotations

import sys
import threading
from dataclasses import replace
from pathlib import Path

import click

from iter8_gitops.errors import ConfigurationError
from iter8_gitops.spec.tree import SourceFailure, SourceTree


@click.command(short_help="Check routemap files before they are committed.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--namespace", metavar="NAME", help="Namespace of documents that state none.")
def validate(paths: tuple[Path, ...], namespace: str | None) -> None:
    """Check the routemaps in files and directories; Kubernetes manifests beside them are ignored.

    Prints one line per problem, file:line:column first, and exits with 1 when there is any.

    \b
    Examples:
      iter8-gitops validate examples/routemaps
      iter8-gitops validate routemaps/*.yaml
    """
    from iter8_gitops.core.desired import DecodedTree, desired
    from iter8_gitops.hooks.manager import Plugins
    from iter8_gitops.runtime.intake import Intake
    from iter8_gitops.spec.kinds import KindTable

    intake = Intake(KindTable(Plugins.load().kinds()), namespace)
    trees: list[DecodedTree] = []
    for path in dict.fromkeys(paths):
        if not path.exists():
            message = f"{path}: no such file or directory"
            raise ConfigurationError(message)
        trees.append(intake.decode(_read(path)))
    wanted = desired(trees, {})
    for tree in trees:
        for problem in wanted.problems[tree.source]:
            root = Path(tree.source)
            file = root / problem.file if root.is_dir() else root
            click.echo(str(replace(problem, file=str(file))))
    count = sum(len(problems) for problems in wanted.problems.values())
    routemaps = sum(len(file.routemaps) for tree in trees for file in tree.files.values())
    click.echo(f"{_plural(routemaps, 'routemap')} checked, {_plural(count, 'problem')}", err=True)
    if count:
        sys.exit(1)


def _read(path: Path) -> SourceTree:
    from iter8_gitops.sources.directory import DirectorySource

    stop = threading.Event()
    deliveries = DirectorySource(path, name=str(path)).deliveries(stop)
    first = next(deliveries)
    stop.set()
    if isinstance(first, SourceFailure):
        raise ConfigurationError(first.message)
    return first


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
