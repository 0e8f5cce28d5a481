"""An analysis for people, in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from iter8_gitops.cli.output import print_table
from iter8_gitops.core.analysis.wording import about

Json = Mapping[str, Any]
_COLOURS = {"winner": "green", "guardrail_breached": "red", "invalid": "red", "loser": "yellow"}
_HEADINGS = ("METRIC", "VERSION", "USERS", "MEAN", "LIFT", "INTERVAL OF THE LIFT", "CHANCE TO BEAT *", "FINDING")
_NOTHING = "-"


def show(analysis: Json) -> None:
    """Print the verdict with its reason, how users came, and the numbers of each metric."""
    verdict = analysis["verdict"]
    name = verdict["name"].replace("_", " ")
    click.echo(f"{analysis['application']}: {click.style(name, fg=_COLOURS.get(verdict['name']), bold=True)}")
    click.echo(f"  {verdict['reason']}")
    if command := _promotion(analysis):
        click.echo(f"  {command}")
    click.echo(f"  compared for {about(analysis['elapsedSeconds'])}; users {_came(analysis)}")
    if analysis["sampleRatio"]["state"] == "warning":
        click.echo(click.style("  warning: users may not come to the versions as the weights say", fg="yellow"))
    if analysis["metrics"]:
        click.echo()
        print_table(_HEADINGS, [row for metric in analysis["metrics"] for row in _rows(metric, analysis)])
        click.echo("\n* not valid when looked at repeatedly; never decide by it alone")
    else:
        click.echo("no values have been written yet")


def _promotion(analysis: Json) -> str:
    """What promotes the winner, if there is one."""
    verdict = analysis["verdict"]
    if verdict["name"] != "winner":
        return ""
    names = {version["index"]: version["name"] for version in analysis["versions"]}
    return f"promote it: iter8-gitops promote {analysis['application']} --version {names[verdict['versions'][0]]}"


def _came(analysis: Json) -> str:
    names = {version["index"]: version["name"] for version in analysis["versions"]}
    came = analysis["sampleRatio"]["newcomers"]
    return ", ".join(f"{names.get(index, index)} {count:,}" for index, count in enumerate(came)) or "none yet"


def _rows(metric: Json, analysis: Json) -> Iterator[tuple[str, ...]]:
    names = {version["index"]: version["name"] for version in analysis["versions"]}
    title = metric["name"] if metric["role"] != "guardrail" else f"{metric['name']} (guardrail)"
    for version in metric["versions"]:
        comparison = version["comparison"]
        yield (
            title,
            names.get(version["version"], str(version["version"])),
            f"{version['users']:,}",
            _number(version["mean"]),
            _share(comparison and comparison["lift"]),
            _interval(comparison and comparison["liftInterval"]),
            _plain_share(comparison and comparison["chanceToBeat"]),
            _finding(metric, version),
        )
        title = ""


def _finding(metric: Json, version: Json) -> str:
    if metric["role"] == "described":
        return "not declared"
    if version["version"] == 0:
        return "primary"
    return str(version["comparison"]["finding"]) if version["comparison"] else "too few users"


def _interval(interval: Json | None) -> str:
    if interval is None:
        return _NOTHING
    lower, upper = interval["lower"], interval["upper"]
    if lower is None and upper is None:
        return "not estimable"
    return f"{_share(lower) if lower is not None else '…'} to {_share(upper) if upper is not None else '…'}"


def _number(value: float | None) -> str:
    return _NOTHING if value is None else f"{value:,.6g}"


def _share(value: float | None) -> str:
    return _NOTHING if value is None else f"{value:+.2%}"


def _plain_share(value: float | None) -> str:
    return _NOTHING if value is None else f"{value:.1%}"
