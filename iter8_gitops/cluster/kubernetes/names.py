"""Which resources routemaps name, counted over all of them."""

from __future__ import annotations

from collections import Counter

from iter8_gitops.spec.resource import ResourceId


class NamedResources:
    """The resources that each application names. One thread writes; any thread may ask."""

    def __init__(self) -> None:
        self._named: dict[str, frozenset[ResourceId]] = {}
        self._counts: Counter[ResourceId] = Counter()

    @property
    def applications(self) -> frozenset[str]:
        """Those that name something."""
        return frozenset(self._named)

    def set(self, application: str, named: frozenset[ResourceId]) -> None:
        """`application` names exactly these."""
        before = self._named.get(application, frozenset())
        if before == named:
            return
        self._counts.update(named - before)
        for each in before - named:
            self._counts[each] -= 1
            if not self._counts[each]:
                del self._counts[each]
        if named:
            self._named[application] = named
        else:
            self._named.pop(application, None)

    def __contains__(self, resource: ResourceId) -> bool:
        """Whether any application names `resource`."""
        return resource in self._counts
