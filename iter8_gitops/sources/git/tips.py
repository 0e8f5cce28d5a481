"""Asks a remote repository what a ref points to."""

from __future__ import annotations

import os
from dataclasses import dataclass

from iter8_gitops.sources.git.failures import explain
from iter8_gitops.sources.git.process import GitFailedError
from iter8_gitops.sources.git.ranges import VersionRange
from iter8_gitops.sources.git.refs import GitRef
from iter8_gitops.sources.git.remote import Remote, RemoteError
from iter8_gitops.sources.git.versions import newest_first
from iter8_gitops.sources.selection import printable

_TAGS = "refs/tags/"
_MOST_SHOWN_TAGS = 5


@dataclass(frozen=True, slots=True)
class Tip:
    """A ref of the remote by its full name, and the id of the object that it names (a commit or a tag)."""

    name: str
    object_id: str


def find_tip(remote: Remote, ref: GitRef) -> Tip:
    """Return the first of the names of `ref` that exists at the remote, or its newest tag in a range.

    Raises RemoteError, with a message for people and without secrets.
    """
    if ref.versions is not None:
        return _newest_tag(remote, ref.versions)
    tips = _tips(remote, names=ref.names)
    for name in ref.names:
        if name in tips:
            return Tip(name, tips[name])
    if "HEAD" in ref.names:
        raise RemoteError("it has no commit on its default branch yet")
    message = f"it has no {ref.shown}"
    raise RemoteError(message)


def _newest_tag(remote: Remote, versions: VersionRange) -> Tip:
    tags = {name.removeprefix(_TAGS): object_id for name, object_id in _tips(remote, options=("--tags",)).items()}
    known = newest_first(tags)
    for version, name in known:
        if version in versions:
            return Tip(f"{_TAGS}{name}", tags[name])
    newest = ", ".join(printable(name) for _, name in known[:_MOST_SHOWN_TAGS])
    there_are = f"its newest version tags are {newest}" if newest else "it has no version tags, such as v1.2.3"
    message = f"no tag is a version in the range {versions.text}; {there_are}"
    raise RemoteError(message)


def _tips(remote: Remote, *, options: tuple[str, ...] = (), names: tuple[str, ...] = ()) -> dict[str, str]:
    # The question needs no repository, and without one a damaged mirror cannot spoil the answer.
    command = (f"--git-dir={os.devnull}", "ls-remote", "--quiet", *options)
    try:
        answer = remote.run(*command, operands=names)
    except GitFailedError as error:
        raise RemoteError(explain(error.stderr)) from None
    lines = (line.partition("\t") for line in answer.decode("utf-8", "replace").splitlines())
    return {name: object_id for object_id, _, name in lines}
