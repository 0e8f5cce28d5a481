"""Writing a commit as objects, without touching an index, a work tree or a branch."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from iter8_gitops.errors import ConfigurationError
from iter8_gitops.promotion.git.commands import Commands, failure, said
from iter8_gitops.promotion.git.reading import read_entries
from iter8_gitops.sources.git.process import GitFailedError

_AUTHOR = re.compile(r"([^<>\n]*[^<>\n\s])\s*<([^<>\s]+)>")


@dataclass(frozen=True, slots=True)
class Signing:
    """Who makes commits: `author` as `Name <mail>`, "" for Git's own identity; `sign` also without configuration."""

    author: str = ""
    sign: bool = False


def check_signing(git: Commands, signing: Signing) -> dict[str, str]:
    """The variables that say who makes a commit. Raises `ConfigurationError` when nobody is known."""
    environment: dict[str, str] = {}
    found = _AUTHOR.fullmatch(signing.author.strip())
    if signing.author and found is None:
        raise ConfigurationError('--author must be written as "Name <mail>"')
    if found is not None:
        environment = {"GIT_AUTHOR_NAME": found[1].strip(), "GIT_AUTHOR_EMAIL": found[2]}
    if not _has_identity(git, "GIT_COMMITTER_IDENT", {}):
        if found is None:
            raise ConfigurationError(
                "Git does not know who commits: set user.name and user.email, or give --author 'Name <mail>'"
            )
        environment |= {"GIT_COMMITTER_NAME": found[1].strip(), "GIT_COMMITTER_EMAIL": found[2]}
    if found is None and not _has_identity(git, "GIT_AUTHOR_IDENT", environment):
        raise ConfigurationError("Git does not know who writes commits: give --author 'Name <mail>'")
    return environment


def write_commit(git: Commands, base: str, files: Mapping[str, bytes | None], message: str, signing: Signing) -> str:
    """The id of a new commit on `base` with these contents; None removes a file. No name leads to it yet.

    Raises `ConfigurationError` when nobody is known who makes it, or it cannot be signed.
    """
    environment = check_signing(git, signing)
    tree = _write_tree(git, base, files)
    options = ("-S",) if signing.sign or _is_signing(git) else ()
    try:
        return said(
            git.run(
                *("-c", "i18n.commitEncoding=UTF-8", "commit-tree", *options, tree, "-p", base),
                data=message.encode("utf-8", "replace"),
                environment=environment,
            )
        )
    except GitFailedError as error:
        what = "the commit cannot be signed" if options else "the commit cannot be made"
        raise ConfigurationError(str(failure(what, error))) from error


def _write_tree(git: Commands, base: str, files: Mapping[str, bytes | None]) -> str:
    entries = read_entries(git, base)
    lines: list[str] = []
    for path, content in files.items():
        entry = entries.get(path)
        if content is None:
            lines.append(f"0 {'0' * len(base)}\t{path}")
        else:
            object_id = said(git.run("hash-object", "-w", "--stdin", data=content))
            lines.append(f"{entry.mode if entry else '100644'} {object_id}\t{path}")
    with tempfile.TemporaryDirectory(prefix="iter8-gitops-") as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder, "index"))}
        git.run("read-tree", base, environment=index)
        listed = "".join(f"{line}\0" for line in lines).encode("utf-8", "surrogateescape")
        git.run("update-index", "-z", "--index-info", data=listed, environment=index)
        return said(git.run("write-tree", environment=index))


def _is_signing(git: Commands) -> bool:
    try:
        return said(git.run("config", "--type=bool", "--get", "commit.gpgSign")) == "true"
    except GitFailedError:
        return False


def _has_identity(git: Commands, variable: str, environment: Mapping[str, str]) -> bool:
    try:
        git.run("-c", "user.useConfigOnly=true", "var", variable, environment=environment)
    except GitFailedError:
        return False
    return True
