"""The contract of a plugin that judges objects: kinds, readiness, content and related resources."""

from __future__ import annotations

from dataclasses import replace

from iter8_gitops.hooks import Plugins, Resource, ResourceKind
from iter8_gitops.hooks.loading import installed_candidates
from iter8_gitops.spec.kinds import KindTable
from iter8_gitops.spec.names import is_kind
from iter8_gitops.testing.checks import check, raised
from iter8_gitops.testing.object_content import ContentContract
from iter8_gitops.testing.object_readiness import ReadinessContract
from iter8_gitops.testing.object_samples import as_sequence, asked_twice

_FOREIGN_GROUP = "foreign.example.com"
_FOREIGN_KIND = "Foreign"


class ObjectContract(ReadinessContract, ContentContract):
    """A plugin with `readiness` or `signature_content`, and perhaps `resource_kinds` and `related_resources`.

    Give `plugin`, `samples`, `expected` and `content_edits`; see `ObjectSamples` for the others.
    """

    def test_the_plugin_has_a_rule(self) -> None:
        """Otherwise nothing here is tested."""
        loaded = self.loaded()
        has_one = loaded.has("readiness") or loaded.has("signature_content")
        check(has_one, "the plugin implements neither readiness nor signature_content")

    def test_other_kinds_are_left_to_other_plugins(self, sample: str) -> None:
        """A kind of the same name in another API group is another kind, and so is another kind of the group."""
        if self.answers_every_kind:
            return
        loaded, own = self.loaded(), self.resource(sample)
        for foreign in (replace(own.id, group=_FOREIGN_GROUP), replace(own.id, kind=_FOREIGN_KIND)):
            about = f"{foreign.kind} of API group {foreign.group!r}"
            stranger = Resource(foreign, own.manifest)
            for hook in ("readiness", "signature_content"):
                answer = asked_twice(loaded, hook, about, resource=stranger, related={})
                check(answer.value is None, f"{hook} answers for {about}, which is not among the samples' kinds")
            related = asked_twice(loaded, "related_resources", about, resource=stranger)
            check(not as_sequence(related.value), f"related_resources asks for objects beside {about}")

    def test_the_kinds_are_well_formed(self) -> None:
        """Names as Kubernetes spells them, for which routemaps can be written."""
        for kind in _kinds_of(self):
            check(is_kind(kind.kind), f"{kind.kind!r} is no name of a kind")
            check(kind.version, f"{kind.kind} has no version")
            check(
                kind.plural and kind.plural == kind.plural.lower(),
                f"the plural of {kind.kind} is {kind.plural!r}; give the lower-case name of API paths",
            )
            check(all(kind.short_names), f"a short name of {kind.kind} is empty")

    def test_its_short_names_are_not_taken(self) -> None:
        """A short name of a first-party kind must go on to mean that kind."""
        first_party = Plugins([each for each in installed_candidates()[0] if each.first_party])
        conflicts = KindTable([*first_party.kinds(), *_kinds_of(self)]).conflicts
        check(
            not conflicts,
            ", ".join(f"the short name {each.short_name!r} is that of {each.kept.kind} already" for each in conflicts),
        )


def _kinds_of(contract: ObjectContract) -> list[ResourceKind]:
    answer = contract.loaded().ask("resource_kinds")
    if answer.error is not None:
        raised(answer.error, "resource_kinds", "its kinds")
    listed = as_sequence(answer.value)
    check(answer.value is None or isinstance(answer.value, (list, tuple)), "resource_kinds gives no list")
    check(all(isinstance(kind, ResourceKind) for kind in listed), "resource_kinds lists what is no ResourceKind")
    return [kind for kind in listed if isinstance(kind, ResourceKind)]
