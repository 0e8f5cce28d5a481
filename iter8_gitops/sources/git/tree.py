"""The tree of one commit as a store of entries that can be walked. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from iter8_gitops.errors import SourceUnavailableError
from iter8_gitops.sources.selection import printable
from iter8_gitops.sources.walk import BrokenLinkError, Kind, RefusedError

LINK_MODE = "120000"
SUBMODULE_MODE = "160000"
_MOST_LINKS = 40
LONGEST_LINK = 4096
"""How many bytes the target of a symbolic link may have."""


class SubmoduleError(BrokenLinkError):
    """A path leads into another repository, which is not read."""


class CommitTree:
    """All files of a commit. Places are paths from the top of the repository. Submodules are not entered.

    `listing` is the output of `git ls-tree -r -z --full-tree`. The targets of symbolic links are
    contents, so they must be set with `set_targets` before a link is followed.
    """

    def __init__(self, listing: bytes) -> None:
        self._folders: dict[str, dict[str, Kind]] = defaultdict(dict, {"": {}})
        self._blobs: dict[str, str] = {}
        self._submodules: set[str] = set()
        self._targets: dict[str, str] = {}
        for line in listing.split(b"\0"):
            if line:
                self._add(line.decode("utf-8", "surrogateescape"))

    def links(self) -> frozenset[str]:
        """Return the places of all symbolic links."""
        return frozenset(
            f"{folder}/{name}" if folder else name
            for folder, entries in self._folders.items()
            for name, kind in entries.items()
            if kind is Kind.LINK
        )

    def set_targets(self, contents: dict[str, bytes]) -> None:
        """Take the contents of the blobs of all links, but for those that are larger than `LONGEST_LINK`."""
        self._targets = {each: content.decode("utf-8", "surrogateescape") for each, content in contents.items()}

    def entries(self, folder: str) -> Iterable[tuple[str, Kind]]:
        """Return names and kinds of what is in `folder`."""
        return self._folders[folder].items()

    def follow(self, link: str) -> tuple[str, Kind]:
        """Return the place and kind of what a link leads to, inside the repository. Raises RefusedError."""
        return self._resolve(link)

    def find(self, path: str) -> tuple[str, Kind] | None:
        """Return the place and kind of what a person calls `path`, links being followed, or None."""
        try:
            return self._resolve(path)
        except RefusedError as error:
            if isinstance(error, BrokenLinkError) and not isinstance(error, SubmoduleError):
                return None
            message = f"the path {path!r} cannot be used: {error}"
            raise SourceUnavailableError(message) from error

    def blob(self, place: str) -> str:
        """Return the id of the content of the file at `place`."""
        return self._blobs[place]

    def _add(self, line: str) -> None:
        description, _, path = line.partition("\t")
        mode, _, object_id = description.split()
        if mode == SUBMODULE_MODE:
            self._submodules.add(path)
            return
        self._blobs[path] = object_id
        folder, _, name = path.rpartition("/")
        self._folders[folder][name] = Kind.LINK if mode == LINK_MODE else Kind.FILE
        while folder:
            above, _, name = folder.rpartition("/")
            if name in self._folders[above]:
                return
            self._folders[above][name] = Kind.FOLDER
            folder = above

    def _resolve(self, path: str) -> tuple[str, Kind]:
        waiting = path.split("/")[::-1]
        place: list[str] = []
        kind = Kind.FOLDER
        links = 0
        while waiting:
            part = waiting.pop()
            if kind is not Kind.FOLDER:
                raise BrokenLinkError("the symbolic link leads to nothing")
            if part in ("", "."):
                continue
            if part == "..":
                if not place:
                    raise RefusedError("the symbolic link leads out of the repository")
                place.pop()
                continue
            here = self._folders.get("/".join(place), {})
            if part not in here:
                self._refuse_submodule("/".join([*place, part]))
                raise BrokenLinkError("the symbolic link leads to nothing")
            if here[part] is not Kind.LINK:
                place.append(part)
                kind = here[part]
                continue
            links += 1
            if links > _MOST_LINKS:
                raise BrokenLinkError("the symbolic link leads back to itself")
            waiting.extend(self._target("/".join([*place, part])).split("/")[::-1])
        return "/".join(place), kind

    def _refuse_submodule(self, place: str) -> None:
        if place in self._submodules:
            message = f"it lies in the submodule {printable(place)!r}, and submodules are not followed"
            raise SubmoduleError(message)

    def _target(self, link: str) -> str:
        target = self._targets.get(self._blobs[link])
        if target is None:
            raise RefusedError("the target of the symbolic link is too long")
        if target.startswith("/"):
            raise RefusedError("the symbolic link leads out of the repository")
        return target
