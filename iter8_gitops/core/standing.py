"""The objects of a tree that stands for a cluster: those of a file that is broken now stay as they last were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

from iter8_gitops.core.broken import broken_place
from iter8_gitops.core.desired import DecodedChanges
from iter8_gitops.spec.files import DecodedResource, FileContents
from iter8_gitops.spec.resource import ResourceId

Objects: TypeAlias = Sequence[DecodedResource]


class StandingObjects:
    """The objects by path. `held` are those that only memory holds. Owned and changed by one caller.

    The price of a change depends on what changed, and on how many files are held.
    """

    def __init__(self, held: Mapping[str, Objects]) -> None:
        self._files: dict[str, FileContents] = {}
        self._standing: dict[str, Objects] = dict(held)
        self._held: dict[str, Objects] = dict(held)
        self._present: Counter[ResourceId] = Counter()

    @property
    def objects(self) -> Mapping[str, Objects]:
        """The objects by path; a view, which later changes show."""
        return MappingProxyType(self._standing)

    @property
    def held(self) -> Mapping[str, Objects]:
        """The objects of every file that is broken now, with those that only memory holds."""
        return self._held

    def take(self, news: DecodedChanges) -> Mapping[str, Objects]:
        """Take in what changed. Returns the files whose objects others stand for now, those that went without any.

        A file that is new and cannot be read may be a renamed one: it takes over what vanished in the same revision.
        """
        suspects = {*news.changed, *news.removed, *self._held}
        before = {path: self._standing[path] for path in sorted(suspects) if path in self._standing}
        self._replace_files(news)
        after = self._stand(before, news)
        self._held = {path: after[path] for path in sorted(after) if broken_place(path, self._files) is not None}
        changed = {path: after.get(path, ()) for path in suspects if after.get(path) is not before.get(path)}
        for path in before.keys() - after.keys():
            del self._standing[path]
        self._standing.update(after)
        return changed

    def _replace_files(self, news: DecodedChanges) -> None:
        gone = [self._files.pop(path) for path in news.removed if path in self._files]
        gone += [self._files[path] for path in news.changed if path in self._files]
        self._files.update(news.changed)
        for contents in news.changed.values():
            self._present.update(_ids(contents.resources))
        for contents in gone:
            for each in _ids(contents.resources):
                self._present[each] -= 1
                if not self._present[each]:
                    del self._present[each]

    def _stand(self, before: Mapping[str, Objects], news: DecodedChanges) -> dict[str, Objects]:
        """What stands for the paths of `before` and of the news, given what stood for them before."""
        missing = {
            path: tuple(decoded for decoded in objects if decoded.resource.id not in self._present)
            for path, objects in before.items()
            if path not in self._files or broken_place(path, self._files) is not None
        }
        standing: dict[str, Objects] = {
            path: objects for path, objects in missing.items() if broken_place(path, self._files) is not None
        }
        known = {each for objects in standing.values() for each in _ids(objects)}
        vanished = [
            decoded
            for path, objects in missing.items()
            if path not in standing
            for decoded in objects
            if decoded.resource.id not in known
        ]
        for path in sorted({*before, *news.changed} & self._files.keys()):
            contents, kept = self._files[path], standing.get(path, ())
            if vanished and path not in before and contents.unreadable and contents.problems:
                kept, vanished = vanished, []
            standing[path] = (*contents.resources, *kept) if kept else contents.resources
        return standing


def _ids(objects: Objects) -> list[ResourceId]:
    return [decoded.resource.id for decoded in objects]
