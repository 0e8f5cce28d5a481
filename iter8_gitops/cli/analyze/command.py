"""`analyze`: the verdict on an experiment, and the numbers behind it."""

from __future__ import annotations

import sys

import click

from iter8_gitops.cli.options import output_option, server_option


@click.command(short_help="Say which version is ahead, how sure that is, and what is still needed.")
@click.argument("application")
@server_option
@output_option
@click.option(
    "--fail-unless",
    metavar="VERDICT",
    multiple=True,
    help="Exit with 1 unless the verdict is this one (may be repeated).",
)
def analyze(application: str, server: str, output: str, fail_unless: tuple[str, ...]) -> None:
    """Show the verdict on the experiment of APPLICATION (namespace/name), and per metric and version what it rests on.

    Look as often as you like: intervals and verdicts hold at every look, at once. Only metrics that the routemap
    declares are judged; others are described. docs/statistics.md says what the words mean.

    \b
    Examples:
      iter8-gitops analyze shop/checkout
      iter8-gitops analyze shop/checkout -o json
      iter8-gitops analyze shop/checkout --fail-unless winner && echo "promote it"
    """
    from iter8_gitops.cli.analyze.presentation import show
    from iter8_gitops.cli.analyze.verdicts import check_names
    from iter8_gitops.cli.client import get_json
    from iter8_gitops.cli.output import print_json

    check_names(fail_unless)
    namespace, _, name = application.rpartition("/")
    answer = get_json(server, f"/v1/routemaps/{namespace or 'default'}/{name}/analysis")
    if output == "json":
        print_json(answer)
    else:
        show(answer)
    if fail_unless and answer["verdict"]["name"] not in fail_unless:
        sys.exit(1)
