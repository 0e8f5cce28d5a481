"""`promote`: the winner becomes the primary, by a commit."""

from __future__ import annotations

from typing import Any

import click

from iter8_gitops.cli.promotion_options import (
    access_options,
    commit_options,
    committer,
    full_name,
    host_opener,
    opened_repository,
    place_options,
)


@click.command(short_help="Make a candidate the primary, by a Git commit.")
@click.argument("application")
@click.option("--version", "version", required=True, metavar="INDEX|NAME", help="The candidate that has won.")
@place_options
@commit_options
@click.option(
    "--server",
    envvar="ITER8_SERVER",
    metavar="URL",
    help="HTTP API to ask for the users that were exposed, as evidence, unless --evidence says more.",
)
@access_options
def promote(application: str, version: str, server: str | None, **options: Any) -> None:
    """Commit what makes a candidate of APPLICATION (namespace/name) its primary.

    The manifests of the primary get the content of the candidate's, and keep their names, selectors and scale. The
    candidate's manifests go, and the routemap gets a new salt. Nothing else in a file moves. One commit says what
    was done, and can be taken back with `rollback`. The controller, or whatever applies the repository, does the rest.

    Promoting what is promoted already does nothing. Exits with 1 when something is not found, and with 2 when the
    promotion cannot be done safely, which is said before anything is changed.

    \b
    Examples:
      iter8-gitops promote shop/checkout --version one-page --dry-run
      iter8-gitops promote shop/checkout --version one-page --push
      iter8-gitops promote shop/checkout --version 1 --pull-request --evidence "+3 % orders, p < 0.01"
      iter8-gitops promote shop/checkout --version 1 --repo https://github.com/you/shop --author "CI <ci@you.org>"
    """
    from iter8_gitops.cli.promotion_answers import carry_out
    from iter8_gitops.cli.rules import rules_of
    from iter8_gitops.promotion.messages import Words
    from iter8_gitops.promotion.promoting import Promotion

    name = full_name(application, options["namespace"])
    rules = rules_of(options["config"])
    evidence = options["evidence"] or (_exposed_users(server, name) if server else "")
    with opened_repository(options) as repository:
        commits = committer(repository, rules.kinds, options)
        words = Words(options["message"], evidence)
        promotion = Promotion(name, version, repository, commits, rules.plugins, words)
        carry_out(commits, promotion, host_opener(rules.plugins, options), options)


def _exposed_users(server: str, application: str) -> str:
    """How many users were given each version, or "" when nobody can say; a promotion does not depend on it."""
    from iter8_gitops.cli.client import get_json
    from iter8_gitops.errors import Iter8Error

    try:
        versions = get_json(server, f"/v1/routemaps/{application}")["versions"]
        return "exposed users: " + ", ".join(f"{each['name']} {each['exposedUsers']}" for each in versions)
    except Iter8Error as error:
        click.echo(f"no evidence from the server: {error}", err=True)
    except (KeyError, TypeError):
        click.echo(f"no evidence from the server: {server} answers something else", err=True)
    return ""
