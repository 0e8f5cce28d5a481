"""`get`: what the server knows, for people and for scripts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from iter8_gitops.cli.client import get_json
from iter8_gitops.cli.options import output_option, server_option
from iter8_gitops.cli.output import print_json, print_table

_HEADINGS = ("NAME", "VERSION", "WEIGHT", "AVAILABLE", "SIGNATURE", "REVISION", "STATUS")


@click.group(short_help="Show routemaps.")
def get() -> None:
    """Show what the server knows."""


@get.command(name="routemaps", short_help="Show every routemap, its versions and problems.")
@click.argument("application", required=False)
@server_option
@output_option
def routemaps(application: str | None, server: str, output: str) -> None:
    """Show every routemap (or APPLICATION alone): versions, weights, what each waits for, and problems.

    \b
    Examples:
      iter8-gitops get routemaps
      iter8-gitops get routemaps modelmesh-serving/backend -o json
    """
    if application is not None:
        namespace, _, name = application.rpartition("/")
        answer = get_json(server, f"/v1/routemaps/{namespace or 'default'}/{name}")
        shown, problems = [answer], answer["problems"]
    else:
        answer = get_json(server, "/v1/routemaps")
        shown, problems = answer["routemaps"], answer["problems"]
    if output == "json":
        print_json(answer)
        return
    if shown:
        print_table(_HEADINGS, [row for routemap in shown for row in _rows(routemap)])
    else:
        click.echo("no routemaps")
    for routemap in shown:
        if routemap["stale"]:
            click.echo(f"stale: {routemap['application']}: {routemap['staleReason']}")
    for problem in problems:
        click.echo(f"problem: {_sentence(problem)}")


def _rows(routemap: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    name, revision = routemap["application"], routemap["revision"][:12]
    for version in routemap["versions"]:
        overdue = "stalled, " if version["stalled"] else ""
        status = "ready" if version["settled"] else f"{overdue}{version['reason']}: {version['message']}"
        yield (
            name,
            version["name"],
            str(version["weight"]),
            "yes" if version["available"] else "no",
            version["signature"] or "-",
            revision,
            status,
        )
        name, revision = "", ""


def _sentence(problem: dict[str, Any]) -> str:
    place = ":".join(str(part) for part in (problem["file"], problem["line"], problem["column"]) if part)
    where = place or problem["application"]  # the cluster refuses a route: no file is to blame
    hint = f" ({problem['hint']})" if problem["hint"] else ""
    return f"{where}: {problem['message']}{hint}" if where else f"{problem['message']}{hint}"
