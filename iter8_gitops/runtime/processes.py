"""What every process of ours does first."""

from __future__ import annotations

import logging
import sys

from iter8_gitops.runtime.lineage import end_with_parent


def prepare_process(name: str) -> None:
    """Log to standard error, one line per event with the process's `name`, and end with a supervising parent."""
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stderr,
        format=f"%(asctime)s {name:<10} %(levelname)-7s %(message)s",
        datefmt="%Y-%m-%dT%H:%M:%S%z",
        force=True,
    )
    logging.getLogger("watchfiles").setLevel(logging.WARNING)  # it tells of every change that it sees
    end_with_parent()
