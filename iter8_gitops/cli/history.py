"""`history`: what happened to an application, and why."""

from __future__ import annotations

from typing import Any

import click

from iter8_gitops.cli.client import get_json
from iter8_gitops.cli.options import output_option, server_option
from iter8_gitops.cli.output import local_time, print_json, print_table

_HEADINGS = ("TIME", "REASON", "REVISION", "AUTHOR", "WHAT HAPPENED")
_REVISION_LENGTH = 12


@click.command(short_help="Show what happened to an application.")
@click.argument("application")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many changes, the newest first."
)
@server_option
@output_option
def history(application: str, limit: int, server: str, output: str) -> None:
    """Show every change of APPLICATION (namespace/name): availability, weights, content, promotions, problems.

    Each with its time, and with the revision of the source that was in force, and its author.

    \b
    Examples:
      iter8-gitops history shop/checkout
      iter8-gitops history shop/checkout --limit 500 -o json
    """
    namespace, _, name = application.rpartition("/")
    answer = get_json(server, f"/v1/routemaps/{namespace or 'default'}/{name}/history", limit=str(limit))
    if output == "json":
        print_json(answer)
    elif answer["entries"]:
        print_table(_HEADINGS, [_row(entry) for entry in answer["entries"]])
        if answer["next"] is not None:
            click.echo(f"there are older ones: --limit {min(4 * limit, 1000)}", err=True)
    else:
        click.echo("nothing has happened yet")


def _row(entry: dict[str, Any]) -> tuple[str, ...]:
    author = entry["author"].partition(" <")[0]
    return (
        local_time(entry["at"]),
        entry["reason"],
        entry["revision"][:_REVISION_LENGTH] or "-",
        author or "-",
        entry["message"],
    )
