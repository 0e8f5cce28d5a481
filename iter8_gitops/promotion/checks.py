"""What was fine in a tree must be fine afterwards. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from iter8_gitops.promotion.refusals import PromotionRefusedError
from iter8_gitops.promotion.tree import Tree


def check_result(before: Tree, after: Tree, paths: Iterable[str]) -> None:
    """Raise `PromotionRefusedError` when one of the files has a problem that it had not."""
    for path in paths:
        if path not in after.contents:
            continue
        known = {problem.message for problem in before.contents[path].problems} if path in before.contents else set()
        for problem in after.contents[path].problems:
            if problem.message not in known:
                message = f"it would break {problem}. Do it by hand"
                raise PromotionRefusedError(message)
