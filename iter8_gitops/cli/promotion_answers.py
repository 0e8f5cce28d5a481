"""What `promote` and `rollback` show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from iter8_gitops.promotion.committing import Committer
from iter8_gitops.promotion.diffs import unified_diff
from iter8_gitops.promotion.proposals import Committed, Make, NothingToDo, OpenHost, Rehearsed

_COMMIT_SHOWN = 12
_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def carry_out(committer: Committer, make: Make, open_host: OpenHost, options: Mapping[str, Any]) -> None:
    """Do, or rehearse, what is asked for, and show what came of it."""
    if options["dry_run"]:
        _show_rehearsed(committer.rehearse(make))
    elif options["pull_request"]:
        _show_committed(committer.propose(make, open_host))
    else:
        _show_committed(committer.commit(make))


def _show_rehearsed(outcome: Rehearsed | NothingToDo) -> None:
    if isinstance(outcome, NothingToDo):
        click.echo(outcome.reason)
        return
    for line in unified_diff(outcome.before, outcome.proposal.files).splitlines():
        is_head = line.startswith(("+++", "---", "diff ", "deleted "))
        click.echo(click.style(line, bold=True) if is_head else click.style(line, fg=_COLOURS.get(line[:1])))
    click.echo(f"\n{outcome.proposal.message}", nl=False)
    _show_notes(outcome.proposal.notes)
    click.echo("nothing was changed (--dry-run)", err=True)


def _show_committed(outcome: Committed | NothingToDo) -> None:
    if isinstance(outcome, NothingToDo):
        click.echo(outcome.reason)
        return
    delivered = outcome.delivered
    message, _, _ = outcome.proposal.message.partition("\n")
    place = f"{delivered.branch} at {delivered.remote}" if delivered.remote else delivered.branch
    click.echo(f"{message}: commit {delivered.commit[:_COMMIT_SHOWN]} on {place}")
    for path, content in outcome.proposal.files.items():
        click.echo(f"  {'removed' if content is None else 'changed'}  {path}")
    if outcome.pull_request is not None:
        click.echo(f"pull request {outcome.pull_request.number}: {outcome.pull_request.url}")
    for hint in delivered.hints:
        click.echo(hint)
    _show_notes(outcome.proposal.notes)


def _show_notes(notes: tuple[str, ...]) -> None:
    for note in notes:
        click.echo(f"note: {note}", err=True)
