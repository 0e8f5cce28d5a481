"""`lookup`: which version a user gets, as any caller of the API would see it."""

from __future__ import annotations

import click

from iter8_gitops.cli.client import get_json
from iter8_gitops.cli.options import output_option, server_option
from iter8_gitops.cli.output import print_json

_REASONS = {"random": "at random", "override": "by an override", "holdout": "as one of the holdout"}


def _attributes(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """The query parameters for `NAME=TEXT`s."""
    found: dict[str, str] = {}
    for written in values:
        name, equals, text = written.partition("=")
        if not name or not equals:
            message = f"{written!r} is not of the form NAME=TEXT, such as group=staff"
            raise click.BadParameter(message)
        if found.setdefault(f"attribute.{name}", text) != text:
            message = f"{name} is given twice, as {found[f'attribute.{name}']!r} and {text!r}"
            raise click.BadParameter(message)
    return found


@click.command(short_help="Ask which version a user gets.")
@click.argument("application")
@click.argument("user")
@click.option(
    "--attribute",
    "attributes",
    multiple=True,
    callback=_attributes,
    metavar="NAME=TEXT",
    help="What rules of targeting compare, such as group=staff. May be given several times.",
)
@server_option
@output_option
def lookup(application: str, user: str, attributes: dict[str, str], server: str, output: str) -> None:
    """Ask the server which version of APPLICATION (namespace/name) USER gets, and why. It counts as an exposure.

    \b
    Examples:
      iter8-gitops lookup modelmesh-serving/backend alice
      iter8-gitops lookup modelmesh-serving/backend alice --attribute group=staff
      iter8-gitops lookup modelmesh-serving/backend alice -o json
    """
    answer = get_json(server, "/v1/lookup", application=application, user=user, **attributes)
    if output == "json":
        print_json(answer)
        return
    version = f"version {answer['versionNumber']} ({answer['versionName']})"
    why = f"by the rule {answer['rule']}" if answer["rule"] else _REASONS[answer["reason"]]
    signature = answer["signature"] or "none yet: its content has not settled"
    click.echo(f"{answer['application']}: {user} gets {version} {why}, signature {signature}")
    if answer["stale"]:
        click.echo("The answer is from the last good state; see: iter8-gitops get routemaps", err=True)
