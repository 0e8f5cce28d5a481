"""The names of verdicts, as people write them on a command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import click

from iter8_gitops.core.analysis.values import VerdictName
from iter8_gitops.spec.wording import suggestion


def check_names(names: Sequence[str]) -> None:
    """Refuse what is no verdict."""
    known: tuple[str, ...] = get_args(VerdictName)
    for name in names:
        if name not in known:
            message = f"--fail-unless {name!r} is no verdict ({suggestion(name, known, kind='verdicts')})"
            raise click.UsageError(message)
