"""The contract of a source."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterable, Mapping
from itertools import pairwise
from typing import ClassVar, Protocol

import pytest

from iter8_gitops.contracts.source import Source, SourceRequest
from iter8_gitops.spec.tree import SourceFailure, SourceTree
from iter8_gitops.testing.checks import check, missing_fixture, same
from iter8_gitops.testing.following import END_SECONDS, Following
from iter8_gitops.testing.plugin import PluginContract

ONE = "kind: Example\nmetadata: {name: one}\n"
TWO = "kind: Example\nmetadata: {name: two}\n"
_OPENING_SECONDS = 2.0


class SourcePlace(Protocol):
    """A place that a source reads, made for one test."""

    @property
    def request(self) -> SourceRequest:
        """What opens the source of this place, with a short `interval`."""
        ...

    @property
    def secrets(self) -> Collection[str]:
        """Passwords and tokens that no message may show."""
        ...

    def put(self, files: Mapping[str, str]) -> None:
        """Make these the only files: path -> text."""
        ...

    def fail(self) -> None:
        """Let every look at the place fail."""
        ...

    def mend(self) -> None:
        """End what `fail` began; the files are as they were."""
        ...


class SourceContract(PluginContract):
    """A plugin with `open_source`. Give `plugin` and a fixture `place`."""

    foreign: ClassVar[str] = "nobody-knows://this"
    """A location that the plugin leaves to others; "" when it takes whatever nobody else does."""

    patience: ClassVar[float] = 15.0
    """How many seconds a delivery is waited for."""

    @pytest.fixture
    def place(self) -> SourcePlace:
        """The place. It is empty, and looks at it work."""
        missing_fixture(self, "place", "a SourcePlace")

    @pytest.fixture
    def source(self, place: SourcePlace) -> Source:
        """The source of the place, which nobody has looked at yet."""
        return self.open(place)

    def open(self, place: SourcePlace) -> Source:
        """The source that the plugin opens for a place."""
        return self.plugins().open_source(place.request)

    def files_of(self, tree: SourceTree) -> dict[str, str]:
        """The files of a tree as `SourcePlace.put` was given them."""
        return {file.path: file.content.decode() for file in tree.files if not file.refusal}

    def test_the_first_tree_is_complete(self, place: SourcePlace, source: Source) -> None:
        """Every file, ordered by path, each with a digest; never a part."""
        files = {"b.yaml": TWO, "a.yaml": ONE, "sub/c.yaml": ONE}
        place.put(files)
        with Following(source, self.patience) as following:
            tree = following.next()
        if not isinstance(tree, SourceTree):
            check(False, f"the first delivery is no tree, but {tree!r:.300}")
            return
        same(self.files_of(tree), files, "the files of the first tree")
        paths = [file.path for file in tree.files]
        same(paths, sorted(paths), "the order of the files")
        check(tree.revision, "the tree has no revision")
        same(tree.source, source.name, "the source that the tree names")
        check(all(file.digest for file in tree.files), "a file has no digest")

    def test_without_a_change_the_tree_is_the_identical_object(self, place: SourcePlace, source: Source) -> None:
        """So that nothing is decoded twice."""
        place.put({"a.yaml": ONE})
        with Following(source, self.patience) as following:
            first = following.tree()
            for _ in range(2):
                check(following.next() is first, "a look without a change delivered another object")

    def test_a_change_is_delivered_as_a_complete_tree(self, place: SourcePlace, source: Source) -> None:
        """An edit, a new file and a removed one, each in a tree with another revision."""
        steps: list[dict[str, str]] = [
            {"a.yaml": ONE},
            {"a.yaml": TWO},
            {"a.yaml": TWO, "sub/b.yaml": ONE},
            {"sub/b.yaml": ONE},
            {},
        ]
        seen: list[SourceTree] = []
        place.put(steps[0])
        with Following(source, self.patience) as following:
            for files in steps:
                place.put(files)
                seen.append(self._tree_of(following, files))
        revisions = [tree.revision for tree in seen]
        same(len(set(revisions)), len(steps), f"the number of revisions among {revisions}")
        for last, tree in pairwise(seen):
            compared = SourceTree(tree.source, tree.revision, tree.files).changes_since(last)
            told = tree.changes_since(last)
            same(told.removed, compared.removed, "the removed files of which a tree tells")
            silent = set(compared.changed) - set(told.changed)
            check(not silent, f"a tree that knows what changed does not tell of {[file.path for file in silent]}")
        before, after = (tree.files[0].digest for tree in seen[:2])
        check(before != after, "the digest of an edited file is the same")

    def test_what_cannot_be_read_is_a_failure_until_it_can(self, place: SourcePlace, source: Source) -> None:
        """Each failed look says so; the next tree, even an identical one, ends it."""
        place.put({"a.yaml": ONE})
        with Following(source, self.patience) as following:
            first = following.tree()
            place.fail()
            failure = following.failure()
            self._check_failure(failure, place, source)
            place.mend()
            again = following.tree()
            same(again.revision, first.revision, "the revision after a failure")
            place.put({"a.yaml": TWO})
            self._tree_of(following, {"a.yaml": TWO})

    def test_a_place_that_is_away_at_first_is_a_failure_until_it_appears(
        self, place: SourcePlace, source: Source
    ) -> None:
        """Opening touches nothing, and the first look says what is wrong."""
        place.put({"a.yaml": ONE})
        place.fail()
        with Following(source, self.patience) as following:
            self._check_failure(following.failure(), place, source)
            place.mend()
            self._tree_of(following, {"a.yaml": ONE})

    def test_it_ends_soon_while_the_place_fails(self, place: SourcePlace, source: Source) -> None:
        """Also between two looks that are far apart because of failures."""
        place.fail()
        with Following(source, self.patience) as following:
            following.failure()

    def test_a_source_that_is_stopped_already_ends_at_once(self, place: SourcePlace, source: Source) -> None:
        """With one tree at most."""
        place.put({"a.yaml": ONE})
        stop = threading.Event()
        stop.set()
        delivered: list[object] = []
        thread = threading.Thread(target=lambda: delivered.extend(source.deliveries(stop)), daemon=True)
        thread.start()
        thread.join(END_SECONDS)
        check(not thread.is_alive(), f"it did not end within {END_SECONDS:g} seconds")
        check(len(delivered) <= 1, f"it delivered {len(delivered)} times after stop")

    def test_name_and_location_are_for_people(self, place: SourcePlace, source: Source) -> None:
        """They do not change, can be printed, and show no secret."""
        before = source.name, source.location
        place.put({"a.yaml": ONE})
        with Following(source, self.patience) as following:
            following.tree()
        same((source.name, source.location), before, "name and location after the first look")
        for text in before:
            check(text and text.isprintable(), f"the name or location {text!r:.200} is empty or cannot be printed")
        _check_secrets((*before, repr(source)), place)

    def test_opening_touches_nothing(self, place: SourcePlace) -> None:
        """A place that fails is opened as quickly as any other."""
        place.fail()
        started = time.monotonic()
        self.open(place)
        check(time.monotonic() - started <= _OPENING_SECONDS, "opening the source of a place that fails takes long")

    def test_other_locations_are_left_to_other_plugins(self, place: SourcePlace) -> None:
        """None for what the plugin does not know."""
        if self.foreign:
            request = SourceRequest(self.foreign, place.request.name, place.request.cache)
            answer = self.loaded().ask("open_source", request=request)
            check(answer.value is None and answer.error is None, f"open_source answers for {self.foreign!r}")

    def _tree_of(self, following: Following, files: Mapping[str, str]) -> SourceTree:
        return following.tree_that(lambda tree: self.files_of(tree) == files)

    def _check_failure(self, failure: SourceFailure, place: SourcePlace, source: Source) -> None:
        same(failure.source, source.name, "the source that the failure names")
        said = failure.message
        check(said and said.isprintable(), f"the message of the failure is empty or cannot be printed: {said!r:.300}")
        _check_secrets((said,), place)


def _check_secrets(texts: Iterable[str], place: SourcePlace) -> None:
    for text in texts:
        shown = [secret for secret in place.secrets if secret in text]
        check(not shown, f"a secret is shown in {text!r:.300}")
