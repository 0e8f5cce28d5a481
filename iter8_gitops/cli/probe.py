"""`probe`: is the controller alive? For liveness probes, so it imports little and starts fast."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from iter8_gitops.cli.options import state_dir_option


@click.command(short_help="Tell whether the controller is alive, for probes.")
@state_dir_option(required=True)
@click.option(
    "--max-age",
    type=click.FloatRange(min=1, max=86_400),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="How old the controller's last sign of life may be; it gives one every 2 s.",
)
def probe(state_dir: Path, max_age: float) -> None:
    """Exit with 0 when the controller of the state directory gave a sign of life lately, else with 1 and a sentence.

    It says nothing about sources or the cluster: a controller that cannot reach them is alive, and a
    restart would not help. For serving processes, ask /livez and /readyz over HTTP.

    \b
    Example:
      iter8-gitops probe --state-dir /var/lib/iter8-gitops --max-age 30
    """
    from iter8_gitops.board.reader import BoardReader
    from iter8_gitops.spec.state_folder import StateFolder

    reader = BoardReader(StateFolder(state_dir.absolute()).board)
    try:
        reader.refresh()
        wrong = reader.trouble or _silence(reader.snapshot.controller_at, time.time(), max_age)
    finally:
        reader.close()
    if wrong:
        click.echo(f"iter8-gitops: {wrong}", err=True)
        sys.exit(1)


def _silence(heartbeat: float | None, now: float, max_age: float) -> str:
    """Why the controller is not known to be alive; "" when it is."""
    if heartbeat is None:
        return "the controller has not given a sign of life yet"
    age = now - heartbeat
    if age > max_age:
        return f"the controller's last sign of life is {age:.0f} s old"
    if age < -max_age:
        # The clock was set back; a controller that lives soon says so by the new time.
        return f"the controller's last sign of life is {-age:.0f} s in the future"
    return ""
