"""`rollback`: takes a promotion back, by a commit."""

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


@click.command(short_help="Take a promotion back, by a Git commit.")
@click.argument("application")
@click.option(
    "--to",
    default="",
    metavar="REVISION",
    help="Take back everything that was promoted after this commit. [default: the newest promotion]",
)
@place_options
@commit_options
@access_options
def rollback(application: str, to: str, **options: Any) -> None:
    """Commit what takes the newest promotion of APPLICATION (namespace/name) back.

    The promotion is found by what it wrote into its commit message. Its changes are taken back, the candidate's
    manifests return, and the routemap gets a new salt; what was committed since stays. When that is not possible,
    because the same lines changed since, nothing is done, and the files are named.

    A promotion that was rolled back already is not rolled back again. Exits with 1 when there is none, and with 2
    when it cannot be taken back.

    \b
    Examples:
      iter8-gitops rollback shop/checkout --dry-run
      iter8-gitops rollback shop/checkout --push
      iter8-gitops rollback shop/checkout --to v2.3 --pull-request
    """
    from iter8_gitops.cli.promotion_answers import carry_out
    from iter8_gitops.cli.rules import rules_of
    from iter8_gitops.promotion.messages import Words
    from iter8_gitops.promotion.rolling_back import Rollback

    name = full_name(application, options["namespace"])
    rules = rules_of(options["config"])
    with opened_repository(options) as repository:
        commits = committer(repository, rules.kinds, options)
        words = Words(options["message"], options["evidence"])
        undo = Rollback(name, repository, rules.plugins, to, words)
        carry_out(commits, undo, host_opener(rules.plugins, options), options)
