"""The command, its options and examples."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from iter8_gitops.cli.options import namespace_name
from iter8_gitops.cli.output import print_json


@click.command(short_help="Check routemap files before they are committed.")
@click.argument("paths", nargs=-1, required=True, metavar="FILE|DIR|-...")
@click.option("--namespace", metavar="NAME", callback=namespace_name, help="Namespace of documents that state none.")
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Configuration with Iter8's `resourceTypes`: more kinds by short name (each with its `Kind`).",
)
@click.option(
    "--resources",
    is_flag=True,
    help="Also look for the resources that routemaps name: their manifests must be there, too, with the label "
    'iter8.tools/watch: "true".',
)
@click.option(
    "--skip-foreign",
    is_flag=True,
    help="Pass over named files that are no valid YAML and do not mention iter8.tools/, such as Helm templates. "
    "In directories they always are.",
)
@click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "json", "sarif"]),
    default="text",
    show_default=True,
    help="Output format. 'sarif' (2.1.0) is for code scanning.",
)
def validate(
    paths: tuple[str, ...],
    namespace: str | None,
    config: Path | None,
    resources: bool,
    skip_foreign: bool,
    output: str,
) -> None:
    """Check the routemaps in files and directories; - is standard input.

    Prints one line per problem, file:line:column first, and exits with 1 when there is any. Of other Kubernetes
    manifests beside the routemaps, only what concerns iter8-gitops is checked.

    \b
    Examples:
      iter8-gitops validate examples/routemaps
      iter8-gitops validate routemaps/*.yaml
      iter8-gitops validate routemaps/ manifests/ --resources
      iter8-gitops validate -o sarif routemaps/ > iter8.sarif
    """
    from iter8_gitops.cli.rules import rules_of
    from iter8_gitops.cli.validate import presentation
    from iter8_gitops.cli.validate.checking import Settings, check
    from iter8_gitops.cli.validate.given import given_files
    from iter8_gitops.cli.validate.sarif import sarif_log

    rules = rules_of(config)
    given = given_files(paths)
    findings = check(given, rules, Settings(namespace, skip_foreign, resources))
    if output == "json":
        print_json(presentation.as_json(findings))
    elif output == "sarif":
        contents = {each.file.path: each.file.content for each in given}
        print_json(sarif_log(findings.problems, contents, Path.cwd()))
    else:
        for problem in findings.problems:
            click.echo(presentation.as_line(problem))
    click.echo(presentation.summary(findings), err=True)
    if findings.problems:
        sys.exit(1)
