"""The version of the hooks, and whether a plugin fits it."""

from __future__ import annotations

import re

from iter8_gitops import __version__
from iter8_gitops.spec.status import text

HOOKS_VERSION = "1.0"
"""`major.minor` of the hooks and of what they open.

The minor grows when a hook or an optional argument is added, the major when something is removed or changes its
meaning.
"""

STATEMENT = "iter8_gitops_hooks"
"""The name under which a plugin may state the version of the hooks that it was written for."""

_FORM = re.compile(r"(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})", re.ASCII)
_SILENT = object()


def misfit(plugin: object, distribution: str, present: str = HOOKS_VERSION) -> str:
    """Why `plugin` of `distribution` cannot be used with the hooks `present`, and what helps; "" when it can be.

    The major must be equal and the minor at most ours. A plugin that states nothing fits.
    """
    stated = getattr(plugin, STATEMENT, _SILENT)
    if stated is _SILENT:
        return ""
    if not isinstance(stated, str):
        return f'its {STATEMENT} is of type {type(stated).__name__}; write it as text, such as "{present}"'
    if not _FORM.fullmatch(stated):
        return f'its {STATEMENT} is "{text(stated)}", which is no major.minor; write it such as "{present}"'
    needed, there = _parts(stated), _parts(present)
    if needed[0] == there[0] and needed[1] <= there[1]:
        return ""
    upgrade = "iter8-gitops" if needed > there else distribution
    return f"it needs hooks {stated}, and iter8-gitops {__version__} has hooks {present}; upgrade {upgrade}"


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
