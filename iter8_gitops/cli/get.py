"""`get`: what the server knows, for people and for scripts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import click

from iter8_gitops.cli.client import get_json
from iter8_gitops.cli.options import output_option, server_option
from iter8_gitops.cli.output import local_time, print_json, print_table
from iter8_gitops.spec.percentages import format_percentage

_SOURCE_HEADINGS = ("NAME", "ROUTEMAPS", "REVISION", "AUTHOR", "RESULT", "LOCATION")
_HEADINGS = ("NAME", "VERSION", "WEIGHT", "AVAILABLE", "SIGNATURE", "REVISION", "STATUS")


@click.group(short_help="Show routemaps and sources.")
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
    if application is not None:
        for said in _targeting(answer):
            click.echo(f"not at random: {said}")
    for name in ("ramp", "promotion"):
        if answer.get(name):
            click.echo(f"{name}: {answer[name]['message']}")
    if answer["staleReason"]:
        click.echo(f"stale: {answer['staleReason']}")
    for problem in problems:
        click.echo(f"problem: {_sentence(problem)}")


@get.command(name="sources", short_help="Show every source, and what became of its newest revision.")
@server_option
@output_option
def sources(server: str, output: str) -> None:
    """Show where routemaps are read, at which revision, and whether all of it is in force.

    Exits with 1 when a source is failing or holds problems.

    \b
    Examples:
      iter8-gitops get sources
      iter8-gitops get sources -o json
    """
    answer = get_json(server, "/v1/sources")
    if output == "json":
        print_json(answer)
    else:
        print_table(_SOURCE_HEADINGS, [_source_row(source) for source in answer["sources"]])
        for source in answer["sources"]:
            for problem in source["problems"]:
                click.echo(f"problem: {_sentence(problem)}")
    if any(source["result"] in ("failing", "problems") for source in answer["sources"]):
        sys.exit(1)


def _source_row(source: dict[str, Any]) -> tuple[str, ...]:
    since = f" since {local_time(source['failingSince'])}" if source["failingSince"] else ""
    result = {
        "failing": f"failing{since}: {source['message']}",
        "waiting": "waiting to be read for the first time",
        "problems": f"{len(source['problems'])} problems; what they concern is as it was",
        "applied": "applied",
    }[source["result"]]
    author = source["author"].partition(" <")[0]
    revision = source["revision"][:12]
    return source["name"], str(source["routemaps"]), revision or "-", author or "-", result, source["location"]


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


def _targeting(routemap: dict[str, Any]) -> Iterator[str]:
    """Who gets what, not at random, in the order in which it decides."""
    targeting = routemap["targeting"]
    names = [version["name"] for version in routemap["versions"]]
    if users := targeting["overrides"]["users"]:
        yield f"{users} users by overrides" if users > 1 else "1 user by an override"
    if targeting["holdout"]:
        yield f"{format_percentage(targeting['holdout'])} of the users, the holdout, get {names[0]}"
    for rule in targeting["rules"]:
        conditions = (f"{attribute} is {' or '.join(texts)}" for attribute, texts in rule["when"].items())
        yield f"rule {rule['name']}: {names[rule['version']]} where {' and '.join(conditions)}"


def _sentence(problem: dict[str, Any]) -> str:
    place = ":".join(str(part) for part in (problem["file"], problem["line"], problem["column"]) if part)
    where = place or problem["application"]  # the cluster refuses a route: no file is to blame
    hint = f" ({problem['hint']})" if problem["hint"] else ""
    return f"{where}: {problem['message']}{hint}" if where else f"{problem['message']}{hint}"
