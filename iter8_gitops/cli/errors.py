"""Errors as people should see them: one line, no traceback, and an exit code that scripts can use.

0: done. 1: an answer that is not the hoped-for one (problems found, not found, an expectation missed).
2: the command could not be carried out as given (usage, configuration, a server out of reach).
"""

from __future__ import annotations

import errno
import sys
from typing import Any

import click

from iter8_gitops.errors import Iter8Error, NotFoundError

_OUTPUT_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO})
"""Of a standard output that takes no more: exit code 1 would mean something else."""


class FriendlyGroup(click.Group):
    """A command group that turns the project's own errors into one line on standard error."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the chosen command."""
        try:
            return super().invoke(ctx)
        except NotFoundError as error:
            _fail(str(error), 1)
        except Iter8Error as error:
            _fail(str(error), 2)
        except OSError as error:
            if error.errno not in _OUTPUT_ERRORS:
                raise
            _fail(f"cannot write: {(error.strerror or type(error).__name__).lower()}", 2)


def _fail(message: str, code: int) -> None:
    click.echo(f"iter8-gitops: {message}", err=True)
    sys.exit(code)
