"""Whether the repository of a person is in a state in which a commit may be added to it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from iter8_gitops.errors import ConfigurationError
from iter8_gitops.promotion.git.commands import Commands, said
from iter8_gitops.promotion.refusals import PromotionRefusedError
from iter8_gitops.sources.git.process import GitFailedError
from iter8_gitops.sources.selection import printable

_UNDER_WAY = {
    "MERGE_HEAD": "a merge",
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase, or git am,",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
    "BISECT_LOG": "a bisection",
}


def current_branch(git: Commands, folder: Path) -> str:
    """The branch that is checked out in the repository around `folder`.

    Raises `PromotionRefusedError` when there is none, or something is under way, and `ConfigurationError` without
    a repository.
    """
    try:
        private = Path(said(git.run("rev-parse", "--absolute-git-dir")))
    except GitFailedError as error:
        detail = "" if "not a git repository" in error.stderr else f" ({error.stderr.strip().splitlines()[0]})"
        message = f"{folder} is not in a Git repository{detail}; say which one with --repo"
        raise ConfigurationError(message) from error
    for name, what in _UNDER_WAY.items():
        if (private / name).exists():
            message = f"{what} is under way in this repository: finish or abort it first"
            raise PromotionRefusedError(message)
    try:
        return said(git.run("symbolic-ref", "--quiet", "--short", "HEAD"))
    except GitFailedError as error:
        message = "no branch is checked out (HEAD is detached): git switch to the branch that is to get the promotion"
        raise PromotionRefusedError(message) from error


def check_clean(git: Commands, paths: Iterable[str]) -> None:
    """Raise `PromotionRefusedError` when one of the files, paths from the top, has changes that are not committed."""
    specs = [f":(top,literal){path}" for path in paths]
    changed = _changed(git, specs)
    if changed:
        message = (
            f"{', '.join(changed)} {'has' if len(changed) == 1 else 'have'} changes that are not committed: "
            "commit or stash them first"
        )
        raise PromotionRefusedError(message)


def has_uncommitted_manifests(git: Commands) -> bool:
    """Whether YAML files of the work tree differ from what is committed."""
    return bool(_changed(git, [":(top,glob)**/*.yaml", ":(top,glob)**/*.yml", ":(top,glob)**/*.json"]))


def _changed(git: Commands, specs: list[str]) -> list[str]:
    output = git.run("status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", "--", *specs)
    lines = output.decode("utf-8", "surrogateescape").split("\0")
    return sorted(printable(line[3:]) for line in lines if line)
