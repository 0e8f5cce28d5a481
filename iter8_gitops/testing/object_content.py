"""The part of the contract of `signature_content`."""

from __future__ import annotations

from typing import Any

from iter8_gitops.core.signature import digest
from iter8_gitops.hooks import Resource
from iter8_gitops.testing.checks import check, same
from iter8_gitops.testing.edits import GONE, Edit
from iter8_gitops.testing.mutants import mutants
from iter8_gitops.testing.object_samples import ObjectSamples, asked_twice
from iter8_gitops.testing.plugin import PluginUnderTest
from iter8_gitops.testing.verdicts import NOT_A_NUMBER, content_flaw

BOOKKEEPING: tuple[Edit, ...] = (
    Edit("status", GONE),
    Edit("status", {"observedGeneration": 99, "conditions": [{"type": "Ready", "status": "Unknown"}]}),
    Edit("metadata.generation", 99),
    Edit("metadata.resourceVersion", "999999"),
    Edit("metadata.uid", "00000000-0000-0000-0000-000000000099"),
    Edit("metadata.creationTimestamp", "2001-01-01T00:00:00Z"),
    Edit("metadata.managedFields", [{"manager": "kubectl", "operation": "Apply"}]),
    Edit(("metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"), "{}"),
    Edit(("metadata", "annotations", "iter8.tools/weight"), "99"),
    Edit(("metadata", "labels", "iter8.tools/watch"), "true"),
)
"""What the API server, controllers and people who steer traffic write. Nothing of it is content of any kind."""


class ContentContract(ObjectSamples):
    """The signature follows the content, and nothing else."""

    def test_content_edits_are_given(self) -> None:
        """A rule for content that no edit tries is not tested."""
        loaded = self.loaded()
        if self.content_edits is None or not loaded.has("signature_content"):
            return
        holds = any(content_of(loaded, self.resource(name), name) for name in self.sample_names())
        check(
            self.content_edits or not holds,
            'say in `content_edits` what makes new content, such as Edit("spec.image", "b:2")',
        )

    def test_an_edit_of_content_moves_the_signature(self, sample: str) -> None:
        """Metrics of older content must not count for it."""
        loaded, resource = self.loaded(), self.resource(sample)
        before = _signature(loaded, resource, sample)
        for edit in self.content_edits or ():
            if edit.sample in ("", sample):
                after = _signature(loaded, _edited(resource, edit, sample), f"{sample} with {edit}")
                check(after != before, f"the signature of {sample} stays with {edit}, which is new content")

    def test_no_other_edit_moves_the_signature(self, sample: str) -> None:
        """A signature that moves without new content sets metrics back to nothing."""
        loaded, resource = self.loaded(), self.resource(sample)
        before = _signature(loaded, resource, sample)
        for edit in (*BOOKKEEPING, *self.other_edits):
            if edit.sample in ("", sample):
                after = _signature(loaded, _edited(resource, edit, sample), f"{sample} with {edit}")
                same(after, before, f"the signature of {sample} moves with {edit}, which is no content")

    def test_no_mutant_breaks_the_content(self, sample: str) -> None:
        """Never an exception, always JSON."""
        loaded, resource = self.loaded(), self.resource(sample)
        for done, manifest in mutants(resource.manifest, self.mutants, sample):
            content_of(loaded, Resource(resource.id, manifest), f"{sample} with {done}")


def content_of(loaded: PluginUnderTest, resource: Resource, about: str) -> Any:
    """The content; fails the running test for what is none. None when the plugin has no hook for it."""
    if not loaded.has("signature_content"):
        return None
    answer = asked_twice(loaded, "signature_content", about, resource=resource, related={})
    check(answer.value is not None, f"signature_content has no rule (None) for {about}")
    flaw = content_flaw(answer)
    check(not flaw or flaw.endswith(NOT_A_NUMBER), f"signature_content of {about} is no JSON: {flaw}")
    return answer.value


def _signature(loaded: PluginUnderTest, resource: Resource, about: str) -> str:
    return digest(content_of(loaded, resource, about))


def _edited(resource: Resource, edit: Edit, sample: str) -> Resource:
    try:
        manifest = edit.applied(resource.manifest)
    except LookupError as error:
        check(False, f"{sample} cannot be edited ({edit}): {error}; name the sample that is meant: Edit(.., sample=..)")
        raise
    return Resource(resource.id, manifest)
