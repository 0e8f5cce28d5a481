"""Manifests as a cluster: which object answers for which id, and what is said when none does. No I/O here.

The rules: an object needs the label `iter8.tools/watch: "true"`. API groups must agree, versions
need not. A manifest without a namespace stands for every namespace in which no other manifest states the
object, for only `kubectl` knows where it would go. Of two manifests of the same object the one with a
status counts: it shows the live object, and the other what people declared. Else the first by path counts.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches

from iter8_gitops.cluster.placed import Placed
from iter8_gitops.contracts.cluster import Manifest, ResourceKey
from iter8_gitops.spec.problem import Code, Problem
from iter8_gitops.spec.resource import Absent, Observation, ResourceId

_NEIGHBOURS = 3


class Catalogue:
    """All manifests of a tree, by the objects that they describe."""

    def __init__(self) -> None:
        self._files: dict[str, Sequence[Manifest]] = {}
        self._places: dict[ResourceKey, list[Placed]] = {}
        self._answering: dict[ResourceKey, dict[str, Placed]] = {}
        self._twice: dict[ResourceKey, tuple[Problem, ...]] = {}
        self._names: dict[str, dict[str, list[str]]] = {}

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every object that is there twice, unless nobody watches it: trees are full of variants for others."""
        return tuple(sorted(problem for problems in self._twice.values() for problem in problems))

    def replace(self, files: Mapping[str, Sequence[Manifest]]) -> frozenset[ResourceKey]:
        """Hold `files` (path -> manifests in their order) and nothing else.

        Returns the keys for which some id is answered otherwise than before, hints in messages aside.
        """
        return self.update({**dict.fromkeys(self._files.keys() - files.keys(), ()), **files})

    def update(self, files: Mapping[str, Sequence[Manifest]]) -> frozenset[ResourceKey]:
        """Hold these in the files of `files`, and what was held in all others. Returns what `replace` does.

        A file whose sequence is the very one given last time is not looked at again.
        """
        changed = {path for path, manifests in files.items() if self._files.get(path) is not manifests}
        touched = {key for path in changed for key in (*_keys(self._files, path), *_keys(files, path))}
        for key in touched:
            self._places[key] = [each for each in self._places.get(key, ()) if each.path not in changed]
        for path in changed:
            for manifest in files[path]:
                placed = Placed(manifest.resource, manifest.watched, path, manifest.line)
                self._places[_key(manifest.resource.id)].append(placed)
            if files[path]:
                self._files[path] = files[path]
            else:
                self._files.pop(path, None)
        return frozenset(key for key in touched if self._settle(key))

    def find(self, wanted: ResourceId) -> Observation:
        """The object that answers for `wanted`, or why there is none."""
        namespaces = self._answering.get(_key(wanted), {})
        placed = namespaces.get(wanted.namespace) or namespaces.get("")
        if placed is not None:
            return placed.answer(wanted)
        group = f" of group {wanted.group}" if wanted.group else ""
        similar = self._similar(wanted)
        hint = f"; there is {similar}" if similar else ""
        return Absent("NotFound", f"{wanted}{group} is not among the manifests{hint}")

    def _settle(self, key: ResourceKey) -> bool:
        """Decide again which objects answer for `key`; True when some answer is another one now."""
        places = sorted(self._places.pop(key), key=lambda placed: (not placed.live, placed.path))
        before = self._answering.pop(key, {})
        after: dict[str, Placed] = {}
        problems: list[Problem] = []
        for placed in places:
            first = after.setdefault(placed.resource.id.namespace, placed)
            if first is not placed and first.live == placed.live and (first.watched or placed.watched):
                problems.append(_duplicate(first, placed))
        if places:
            self._places[key], self._answering[key] = places, after
        if bool(before) != bool(after):
            self._name(key, there=bool(after))
        self._twice.pop(key, None)
        if problems:
            self._twice[key] = tuple(problems)
        return before.keys() != after.keys() or not all(after[each].answers_like(before[each]) for each in after)

    def _similar(self, wanted: ResourceId) -> str:
        """An object that was perhaps meant: in another namespace, of another group, or of a close name."""
        groups = self._names.get(wanted.kind, {})
        for group in (wanted.group, *sorted(groups)):
            for placed in self._answering.get((group, wanted.kind, wanted.name), {}).values():
                said = f"{placed.name} in {placed.place}"
                return said if group == wanted.group else f"{said}, of group {group or 'core'}"
        # Only the neighbours in the alphabet are compared, so that many missing objects stay cheap.
        names = groups.get(wanted.group, ())
        at = bisect_left(names, wanted.name)
        nearby = names[max(at - _NEIGHBOURS, 0) : at + _NEIGHBOURS]
        for name in get_close_matches(wanted.name, nearby, n=1, cutoff=0.8):
            placed = next(iter(self._answering[wanted.group, wanted.kind, name].values()))
            return f"{placed.name} in {placed.place}"
        return ""

    def _name(self, key: ResourceKey, *, there: bool) -> None:
        """Keep the names of each kind and group in order, for hints."""
        group, kind, name = key
        groups = self._names.setdefault(kind, {})
        names = groups.setdefault(group, [])
        if there:
            insort(names, name)
            return
        del names[bisect_left(names, name)]
        if not names:
            del groups[group]


def _keys(files: Mapping[str, Sequence[Manifest]], path: str) -> Iterator[ResourceKey]:
    return (_key(manifest.resource.id) for manifest in files.get(path, ()))


def _key(object_id: ResourceId) -> ResourceKey:
    return object_id.group, object_id.kind, object_id.name


def _duplicate(first: Placed, second: Placed) -> Problem:
    return Problem(
        file=second.path,
        line=second.line,
        column=0,
        message=f"{second.name} is already in {first.place}, and that one counts",
        hint="keep only one of the two",
        code=Code.DUPLICATE,
    )
