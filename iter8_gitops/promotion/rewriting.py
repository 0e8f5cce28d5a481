"""Turns what is wanted of objects into new contents of files. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from iter8_gitops.promotion.kustomizations import Kustomizations
from iter8_gitops.promotion.refusals import PromotionRefusedError
from iter8_gitops.promotion.salts import salt_wish
from iter8_gitops.promotion.text.editing import Place, Wish, edited, without
from iter8_gitops.promotion.text.pieces import FileText, NotEditableError, Piece, file_text
from iter8_gitops.promotion.text.values import same
from iter8_gitops.promotion.tree import Found, FoundRoutemap, Tree
from iter8_gitops.spec.resource import ResourceId


class Rewriting:
    """Gathers changes to the files of `tree`. Every method raises `PromotionRefusedError`."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._texts: dict[str, FileText] = {}
        self._wishes: dict[str, list[Wish]] = defaultdict(list)
        self._removed: dict[str, list[Place]] = defaultdict(list)

    def replace(self, primary: Found, wanted: Any, candidate: Found, content: Mapping[str, Any]) -> None:
        """Make the manifest `primary` say `wanted`, with the text of `candidate`, of which `content` is made."""
        with _refusing(candidate.path):
            donor = self._donor(candidate, content)
        with _refusing(primary.path):
            place = primary.place_in(self._text(primary.path))
            self._wishes[primary.path].append(Wish(place, wanted, donor))

    def remove(self, found: Found) -> None:
        """Take a manifest out."""
        with _refusing(found.path):
            self._removed[found.path].append(found.place_in(self._text(found.path)))

    def renew_salt(self, found: FoundRoutemap, salt: str) -> None:
        """Give a routemap another salt."""
        with _refusing(found.path):
            text = self._text(found.path)
            self._wishes[found.path].append(salt_wish(text, found.place_in(text), salt))

    def files(self, kustomizations: Kustomizations) -> dict[str, bytes | None]:
        """The new contents by path; None for a file of which nothing is left, which kustomizations no longer list."""
        contents: dict[str, bytes | None] = {}
        for path in sorted(self._wishes.keys() | self._removed.keys()):
            with _refusing(path):
                contents[path] = self._rewritten(path)
        entries: dict[str, set[int]] = defaultdict(set)
        for path in [path for path, content in contents.items() if content is None]:
            for kustomization, index in kustomizations.entries(path):
                entries[kustomization].add(index)
        for path, indices in sorted(entries.items()):
            with _refusing(path):
                contents[path] = self._without_entries(path, indices)
        return contents

    def _rewritten(self, path: str) -> bytes | None:
        text = self._text(path)
        content = edited(text, self._wishes[path]) if path in self._wishes else self._tree.files[path].content
        return without(file_text(path, content), self._removed[path]) if path in self._removed else content

    def _without_entries(self, path: str, indices: set[int]) -> bytes:
        text = self._text(path)
        listed = text.documents[0].piece.data["resources"]
        left = [entry for index, entry in enumerate(listed) if index not in indices]
        return edited(text, [Wish(Place(0, ("resources",)), left)])

    def _donor(self, candidate: Found, content: Mapping[str, Any]) -> Piece:
        text = self._text(candidate.path)
        place = candidate.place_in(text)
        if not same(dict(content), dict(candidate.resource.manifest)):
            text = file_text(candidate.path, edited(text, [Wish(place, dict(content))]))
        return text.documents[place.document].piece.at(*place.path)

    def _text(self, path: str) -> FileText:
        if path not in self._texts:
            self._texts[path] = self._tree.text(path)
        return self._texts[path]


def resalted(tree: Tree, application: str, path: str, salt: str) -> bytes:
    """The content of a file of `tree` with another salt for the routemap of `application`, if that is in it."""
    places = [place for place in tree.routemaps.get(application, ()) if place.path == path]
    content = tree.files[path].content
    if len(places) != 1:
        return content
    rewriting = Rewriting(tree)
    rewriting.renew_salt(places[0], salt)
    return rewriting.files(Kustomizations({}))[path] or content


def without_others(tree: Tree, other: Tree, path: str) -> bytes | None:
    """The content of a file of `tree` without the objects that it has not got in `other`; None when none are left."""
    rewriting = Rewriting(tree)
    gone = [found for found in tree.all_objects() if _key(found) not in {_key(each) for each in other.all_objects()}]
    for found in gone:
        rewriting.remove(found)
    return rewriting.files(Kustomizations({}))[path] if gone else tree.files[path].content


def _key(found: Found) -> ResourceId:
    return found.resource.id


@contextmanager
def _refusing(path: str) -> Iterator[None]:
    try:
        yield
    except NotEditableError as error:
        message = f"{path} cannot be edited: {error}. Promote by hand there"
        raise PromotionRefusedError(message) from error
