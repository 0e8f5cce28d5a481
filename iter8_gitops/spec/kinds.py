"""Which kinds routemaps may name by short name, and which kind each name stands for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from iter8_gitops.spec.resource import ResourceKind
from iter8_gitops.spec.wording import nearest


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two kinds claim one short name: `kept` came first and has it, `refused` has not."""

    short_name: str
    kept: ResourceKind
    refused: ResourceKind

    def told(self) -> tuple[str, str, str]:
        """The name, and both kinds in words for people: `Deployment (apps)`."""
        kept, refused = (f"{each.kind} ({each.group or 'core'})" for each in (self.kept, self.refused))
        return self.short_name, kept, refused


class KindTable:
    """The known kinds. Earlier kinds win over later ones.

    A kind is found by its short names, and by its plural and its kind in lower case unless these are
    somebody's short name. Of two kinds with one plural the one of the core API group is meant, whatever their
    order, as with kubectl: `services` are not Knative's. Names are case-sensitive.

    `pending` are short names whose kind is not known yet, with what they stand for (`plural.group`). They win
    over all kinds: a name must not mean something else meanwhile.
    """

    def __init__(self, kinds: Sequence[ResourceKind], pending: Mapping[str, str] | None = None) -> None:
        self._by_kind: dict[tuple[str, str], ResourceKind] = {}
        self._by_name: dict[str, ResourceKind] = {}
        conflicts: list[Conflict] = []
        for kind in kinds:
            self._by_kind.setdefault((kind.group, kind.kind), kind)
            for name in kind.short_names:
                kept = self._by_name.setdefault(name, kind)
                if (kept.group, kept.kind) != (kind.group, kind.kind):
                    conflicts.append(Conflict(name, kept, kind))
        self._short_names = tuple(sorted(self._by_name))
        for kind in sorted(kinds, key=lambda kind: kind.group != ""):
            self._by_name.setdefault(kind.plural, kind)
            self._by_name.setdefault(kind.kind.lower(), kind)
        self.conflicts = tuple(conflicts)
        self._pending = dict(pending or {})
        for name in self._pending:
            self._by_name.pop(name, None)

    def by_short_name(self, name: str) -> ResourceKind | None:
        """The kind that `name` stands for, or None."""
        return self._by_name.get(name)

    def pending(self, name: str) -> str | None:
        """What `name` stands for (`plural.group`) when its kind is not known yet, or None."""
        return self._pending.get(name)

    def by_kind(self, group: str, kind: str) -> ResourceKind | None:
        """The known kind of this API group and name, or None."""
        return self._by_kind.get((group, kind))

    def short_names(self) -> dict[tuple[str, str], str]:
        """The first short name of every kind that has one, by (API group, kind)."""
        return {key: kind.short_names[0] for key, kind in self._by_kind.items() if kind.short_names}

    def names(self) -> tuple[str, ...]:
        """Every short name, sorted."""
        return self._short_names

    def spelled_like(self, group: str, kind: str) -> ResourceKind | None:
        """The known kind of `group` that differs from `kind` only in case, if `kind` itself is not known."""
        if (group, kind) in self._by_kind:
            return None
        return next((k for k in self._by_kind.values() if k.group == group and k.kind.lower() == kind.lower()), None)

    def unknown_name_hint(self, name: str) -> str:
        """What to write instead of the unknown short name `name`."""
        found = nearest(name, self._by_name)
        meant = f"did you mean `{found}`? " if found else ""
        return f"{meant}known: {', '.join(self._short_names)}; or write apiVersion and kind"
