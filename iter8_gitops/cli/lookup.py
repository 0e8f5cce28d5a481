"""`lookup`: which version a user gets, as any caller of the API would see it."""

from __future__ import annotations

import click

from iter8_gitops.cli.client import get_json
from iter8_gitops.cli.options import output_option, server_option
from iter8_gitops.cli.output import print_json


@click.command(short_help="Ask which version a user gets.")
@click.argument("application")
@click.argument("user")
@server_option
@output_option
def lookup(application: str, user: str, server: str, output: str) -> None:
    """Ask the server which version of APPLICATION (namespace/name) USER gets. It counts as an exposure.

    \b
    Examples:
      iter8-gitops lookup modelmesh-serving/backend alice
      iter8-gitops lookup modelmesh-serving/backend alice -o json
    """
    answer = get_json(server, "/v1/lookup", application=application, user=user)
    if output == "json":
        print_json(answer)
        return
    version = f"version {answer['versionNumber']} ({answer['versionName']})"
    signature = answer["signature"] or "none yet: its content has not settled"
    click.echo(f"{answer['application']}: {user} gets {version}, signature {signature}")
    if answer["stale"]:
        click.echo("The answer is from the last good state; see: iter8-gitops get routemaps", err=True)
