"""The suite for sources: a good one passes, and each kind of mistake is found and explained."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

from iter8_gitops.contracts.source import Source, SourceRequest
from iter8_gitops.hooks import hookimpl
from iter8_gitops.spec.tree import SourceFailure, SourceFile, SourceTree
from iter8_gitops.testing import SourceContract
from tests.testing.running import complaints

LOOK_SECONDS = 0.01
REQUEST = SourceRequest("shelf://user:hunter2@one", "shelf", Path("unused"))


@dataclass
class Shelf:
    """A place in memory."""

    secrets: Collection[str] = ("hunter2",)
    files: dict[str, str] = field(default_factory=dict)
    away: bool = False
    request: SourceRequest = REQUEST

    def put(self, files: Mapping[str, str]) -> None:
        self.files = dict(files)

    def fail(self) -> None:
        self.away = True

    def mend(self) -> None:
        self.away = False


class ShelfSource:
    """Reads a shelf; subclasses make a mistake each."""

    name = "shelf"
    location = "the shelf one"

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def deliveries(self, stop: threading.Event) -> Iterator[SourceTree | SourceFailure]:
        last: SourceTree | None = None
        while not stop.is_set():
            if self._shelf.away:
                yield self.failure()
            else:
                tree = self.tree(self._shelf.files)
                last = last if last is not None and self.same(last, tree) else tree
                yield last
            stop.wait(LOOK_SECONDS)

    def failure(self) -> SourceFailure:
        return SourceFailure(self.name, "cannot read the shelf: it is away")

    def same(self, last: SourceTree, tree: SourceTree) -> bool:
        return last == tree

    def tree(self, files: Mapping[str, str]) -> SourceTree:
        read = tuple(SourceFile(path, self.digest(text), text.encode()) for path, text in sorted(files.items()))
        return SourceTree(self.name, self.digest("".join(f"{file.path}{file.digest}" for file in read)), read)

    def digest(self, text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()


class AlwaysNew(ShelfSource):
    def same(self, last: SourceTree, tree: SourceTree) -> bool:
        return False


class Unordered(ShelfSource):
    def tree(self, files: Mapping[str, str]) -> SourceTree:
        tree = super().tree(files)
        return SourceTree(tree.source, tree.revision, tree.files[::-1])


class Partial(ShelfSource):
    def tree(self, files: Mapping[str, str]) -> SourceTree:
        return super().tree(dict(list(files.items())[:1]))


class ByLength(ShelfSource):
    def digest(self, text: str) -> str:
        return str(len(text))


class OfAnother(ShelfSource):
    def tree(self, files: Mapping[str, str]) -> SourceTree:
        tree = super().tree(files)
        return SourceTree("another", tree.revision, tree.files)


class FailsFirst(ShelfSource):
    def deliveries(self, stop: threading.Event) -> Iterator[SourceTree | SourceFailure]:
        yield self.failure()
        yield from super().deliveries(stop)


class EmptyWhileAway(ShelfSource):
    def deliveries(self, stop: threading.Event) -> Iterator[SourceTree | SourceFailure]:
        for delivery in super().deliveries(stop):
            yield self.tree({}) if isinstance(delivery, SourceFailure) else delivery


class Raises(ShelfSource):
    def failure(self) -> SourceFailure:
        raise OSError("away")


class Tells(ShelfSource):
    def failure(self) -> SourceFailure:
        return SourceFailure(self.name, "cannot read shelf://user:hunter2@one")


class Shows(ShelfSource):
    location = "shelf://user:hunter2@one"


class Silent(ShelfSource):
    def failure(self) -> SourceFailure:
        return SourceFailure(self.name, "")


class GivesUp(ShelfSource):
    def failure(self) -> SourceFailure:
        self.gone = True
        return super().failure()

    def tree(self, files: Mapping[str, str]) -> SourceTree:
        if getattr(self, "gone", False):
            time.sleep(0.6)
        return super().tree(files)


class DoesNotEnd(ShelfSource):
    def deliveries(self, stop: threading.Event) -> Iterator[SourceTree | SourceFailure]:
        yield from super().deliveries(stop)
        time.sleep(4)


class Looks(ShelfSource):
    def __init__(self, shelf: Shelf) -> None:
        super().__init__(shelf)
        if shelf.away:
            message = "away"
            raise OSError(message)


def contract_of(source: type[ShelfSource], shelf: Shelf, *, greedy: bool = False) -> type[SourceContract]:
    @hookimpl
    def open_source(request: SourceRequest) -> Source | None:
        return source(shelf) if greedy or request.location.startswith("shelf:") else None

    plugin = SimpleNamespace(open_source=open_source)
    return type("TestShelf", (SourceContract,), {"plugin": plugin, "patience": 0.5})


def said_of(source: type[ShelfSource], found_by: str = "", *, greedy: bool = False) -> dict[str, str]:
    """What fails, each test having a shelf and a source of its own."""
    names = [found_by] if found_by else [name for name in dir(SourceContract) if name.startswith("test_")]
    said: dict[str, str] = {}
    for name in names:
        shelf = Shelf()
        contract = contract_of(source, shelf, greedy=greedy)
        fixtures: dict[str, object] = {"place": shelf}
        if source is not Looks:
            fixtures["source"] = contract().open(shelf)
        said |= complaints(contract, fixtures, only=name)
    return said


def test_a_good_source_passes() -> None:
    assert said_of(ShelfSource) == {}


MISTAKES: dict[type[ShelfSource], tuple[str, str]] = {
    AlwaysNew: (
        "test_without_a_change_the_tree_is_the_identical_object",
        "a look without a change delivered another object",
    ),
    Unordered: ("test_the_first_tree_is_complete", "the order of the files"),
    Partial: ("test_the_first_tree_is_complete", "the files of the first tree"),
    ByLength: ("test_a_change_is_delivered_as_a_complete_tree", "the number of revisions among ['8', '8', "),
    OfAnother: ("test_the_first_tree_is_complete", "the source that the tree names: 'another'"),
    FailsFirst: ("test_the_first_tree_is_complete", "the first delivery is no tree, but SourceFailure"),
    EmptyWhileAway: ("test_what_cannot_be_read_is_a_failure_until_it_can", "not delivered in 0.5 seconds"),
    Raises: ("test_what_cannot_be_read_is_a_failure_until_it_can", "away"),
    Tells: ("test_what_cannot_be_read_is_a_failure_until_it_can", "a secret is shown in 'cannot read shelf://"),
    Shows: ("test_name_and_location_are_for_people", "a secret is shown in 'shelf://"),
    Silent: ("test_what_cannot_be_read_is_a_failure_until_it_can", "the message of the failure is empty"),
    GivesUp: ("test_what_cannot_be_read_is_a_failure_until_it_can", "delivered nothing for 0.5 seconds"),
    DoesNotEnd: ("test_a_source_that_is_stopped_already_ends_at_once", "it did not end within 2.5 seconds"),
    Looks: ("test_opening_touches_nothing", "plugin extra:plugin broke: OSError"),
}


@pytest.mark.parametrize("source", MISTAKES, ids=lambda source: source.__name__)
def test_a_mistake_is_found_and_explained(source: type[ShelfSource]) -> None:
    found_by, said = MISTAKES[source]
    assert said in said_of(source, found_by).get(found_by, "")


def test_a_plugin_that_takes_every_location_is_found() -> None:
    found_by = "test_other_locations_are_left_to_other_plugins"
    said = said_of(ShelfSource, found_by, greedy=True)
    assert said == {found_by: "open_source answers for 'nobody-knows://this'"}
