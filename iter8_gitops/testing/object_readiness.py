"""The part of the contract of `readiness`, and of `related_resources` beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from iter8_gitops.hooks import Readiness, ReadinessState, Resource, ResourceId
from iter8_gitops.hooks.answers import Answer
from iter8_gitops.testing.checks import check, same
from iter8_gitops.testing.edits import Edit
from iter8_gitops.testing.mutants import mutants
from iter8_gitops.testing.object_samples import NOTHING, ObjectSamples, asked_twice, related_ids
from iter8_gitops.testing.plugin import PluginUnderTest
from iter8_gitops.testing.samples import as_resource
from iter8_gitops.testing.verdicts import readiness_flaw

_DELETED = Edit("metadata.deletionTimestamp", "2025-03-01T10:00:00Z")


class ReadinessContract(ObjectSamples):
    """Every object of the plugin's kinds gets a verdict, however malformed it is."""

    def test_every_sample_has_an_expectation(self) -> None:
        """So that a sample that is added or renamed is not forgotten."""
        if self.expected is not None and self.loaded().has("readiness"):
            missing, unknown = self.sample_names() - set(self.expected), set(self.expected) - self.sample_names()
            check(not missing, f"say in `expected` what is (state, servable) of {', '.join(sorted(missing))}")
            check(not unknown, f"`expected` names samples that are not there: {', '.join(sorted(unknown))}")

    def test_the_verdict_on_a_sample_is_the_expected_one(self, sample: str) -> None:
        """State and servable, with the related objects that can be seen."""
        loaded, resource = self.loaded(), self.resource(sample)
        found = verdict_on(loaded, resource, self.seen(loaded, sample, resource), sample)
        if found is not None and self.expected is not None and sample in self.expected:
            told = f"the verdict on {sample} ({found.reason}: {found.message})"
            same((str(found.state), found.servable), tuple(self.expected[sample]), told)

    def test_a_deletion_timestamp_wins(self, sample: str) -> None:
        """Whatever else it says of itself, an object that is being deleted is `terminating` and not servable."""
        loaded, resource = self.loaded(), edited(self.resource(sample), _DELETED)
        found = verdict_on(loaded, resource, self.seen(loaded, sample, resource), sample)
        if found is not None:
            told = f"the verdict on {sample} while it is being deleted"
            same((found.state, found.servable), (ReadinessState.TERMINATING, False), told)

    def test_the_order_of_keys_makes_no_difference(self, sample: str) -> None:
        """Objects come as JSON, whose keys have no order."""
        loaded, resource = self.loaded(), self.resource(sample)
        turned = Resource(resource.id, _turned(resource.manifest))
        one, other = (verdict_on(loaded, each, self.seen(loaded, sample, each), sample) for each in (resource, turned))
        same(other, one, f"the verdict on {sample} with its keys in another order")

    def test_no_mutant_breaks_a_verdict(self, sample: str) -> None:
        """Fields that are missing, or of another type: never an exception, always a reason and a message."""
        loaded, resource = self.loaded(), self.resource(sample)
        for done, manifest in mutants(resource.manifest, self.mutants, sample):
            mutant = Resource(resource.id, manifest)
            about = f"{sample} with {done}"
            verdict_on(loaded, mutant, self.seen(loaded, sample, mutant, about), about)

    def test_no_mutant_of_a_related_object_breaks_a_verdict(self, sample: str) -> None:
        """They may be missing, or as malformed as any other."""
        loaded, resource = self.loaded(), self.resource(sample)
        verdict_on(loaded, resource, NOTHING, f"{sample} without its related objects")
        for manifest in self.related.get(sample, ()):
            related = as_resource(manifest)
            for done, changed in mutants(manifest, self.mutants, f"{sample} {related.id}"):
                seen = {**self.seen(loaded, sample, resource), related.id: Resource(related.id, changed)}
                verdict_on(loaded, resource, seen, f"{sample} beside {related.id} with {done}")

    def test_what_is_seen_beside_a_sample_was_asked_for(self, sample: str) -> None:
        """An object that the plugin does not ask for is not watched, and so is never seen."""
        loaded, resource = self.loaded(), self.resource(sample)
        asked = related_ids(loaded, resource, sample)
        unasked = [str(each) for each in map(_identity, self.related.get(sample, ())) if each not in asked]
        check(not unasked, f"related_resources of {sample} does not name {', '.join(unasked)}")

    def test_no_mutant_breaks_the_related_resources(self, sample: str) -> None:
        """Asked as often as the verdict, about the same objects."""
        loaded, resource = self.loaded(), self.resource(sample)
        if loaded.has("related_resources"):
            for done, manifest in mutants(resource.manifest, self.mutants, sample):
                related_ids(loaded, Resource(resource.id, manifest), f"{sample} with {done}")


def verdict_on(
    loaded: PluginUnderTest, resource: Resource, seen: Mapping[ResourceId, Resource], about: str
) -> Readiness | None:
    """The verdict; fails the running test for what is none. None when the plugin has no hook for it."""
    if not loaded.has("readiness"):
        return None
    answer: Answer = asked_twice(loaded, "readiness", about, resource=resource, related=seen)
    check(answer.value is not None, f"readiness has no rule (None) for {about}")
    flaw = readiness_flaw(answer)
    check(not flaw, f"readiness of {about}: {flaw}")
    return answer.value if isinstance(answer.value, Readiness) else None


def edited(resource: Resource, edit: Edit) -> Resource:
    """The object with an edit."""
    return Resource(resource.id, edit.applied(resource.manifest))


def _identity(manifest: Mapping[str, Any]) -> ResourceId:
    return as_resource(manifest).id


def _turned(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _turned(value[key]) for key in reversed(list(value))}
    return [_turned(item) for item in value] if isinstance(value, list) else value
