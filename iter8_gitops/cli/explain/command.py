"""The command, its options and examples."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from iter8_gitops.cli.options import namespace_name, output_option
from iter8_gitops.cli.output import print_json
from iter8_gitops.errors import ConfigurationError, NotFoundError


@click.command(short_help="Say why an object or a version is ready or not.")
@click.option(
    "-f",
    "--filename",
    "paths",
    multiple=True,
    required=True,
    metavar="FILE|DIR|-",
    help="Where the objects are, as YAML or JSON with their status; - is standard input. May be given several times.",
)
@click.option(
    "--routemap",
    metavar="FILE|NAME",
    help="Explain the versions of this routemap: a file, or the namespace/name of one that is among -f.",
)
@click.option("--version", "version", metavar="INDEX|NAME", help="Only this version of the routemap.")
@click.option("--namespace", metavar="NAME", callback=namespace_name, help="Namespace of documents that state none.")
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Configuration with rules for more kinds, as the controller has it.",
)
@output_option
def explain(
    paths: tuple[str, ...],
    routemap: str | None,
    version: str | None,
    namespace: str | None,
    config: Path | None,
    output: str,
) -> None:
    """Say what the controller would think of Kubernetes objects, and why.

    For every object: the verdict, which plugin gave it and from which fields, what it waits for, and the signature of
    its content. With --routemap, for every version: whether it is available, and each of its objects.

    Exits with 0 whatever the verdict is, and with 1 when something cannot be read or found.

    \b
    Examples:
      kubectl get deployment checkout -o yaml | iter8-gitops explain -f -
      iter8-gitops explain -f examples/cluster/shop.yaml
      iter8-gitops explain -f examples --routemap shop/checkout --version 1
      kubectl get isvc -A -o json | iter8-gitops explain -f - -o json
    """
    from iter8_gitops.cli.explain import presentation
    from iter8_gitops.cli.material import find_routemap, find_versions, material_at
    from iter8_gitops.cli.rules import rules_of

    if version is not None and routemap is None:
        raise ConfigurationError("--version is one of a routemap; say which with --routemap")
    rules = rules_of(config)
    material = [material_at(path, rules.kinds, namespace) for path in dict.fromkeys(paths)]
    explainer = rules.explainer(material)
    problems = [problem for each in material for problem in each.problems]
    if routemap is not None:
        declared, more = find_routemap(routemap, material, rules.kinds, namespace)
        problems += more
        versions = find_versions(declared, version)
        found = explainer.explain_routemap(declared)
        if output == "json":
            print_json(presentation.routemap_json(found, versions))
        else:
            click.echo(presentation.routemap_text(found, versions))
    else:
        explained = [explainer.explain_object(decoded.resource) for each in material for decoded in each.objects]
        if not explained and not problems:
            routemaps = [name for each in material for name, _ in each.routemaps]
            hint = f"; explain the routemap {routemaps[0]} with --routemap {routemaps[0]}" if routemaps else ""
            raise NotFoundError("filename", f"there is no Kubernetes object in {', '.join(paths)}{hint}")
        if output == "json":
            answers = [presentation.object_json(each) for each in explained]
            print_json(answers[0] if len(answers) == 1 else answers)
        else:
            click.echo("\n\n".join(presentation.object_text(each) for each in explained))
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        sys.exit(1)
