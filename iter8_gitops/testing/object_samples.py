"""What the suites for plugins that judge objects share: the samples, and asking about them."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

import pytest

from iter8_gitops.hooks import Resource, ResourceId
from iter8_gitops.hooks.answers import Answer
from iter8_gitops.testing.checks import check, raised, same
from iter8_gitops.testing.edits import Edit
from iter8_gitops.testing.plugin import PluginContract, PluginUnderTest
from iter8_gitops.testing.samples import Samples, as_resource, read_samples
from iter8_gitops.testing.verdicts import related_flaw

NOTHING: Mapping[ResourceId, Resource] = MappingProxyType({})


class ObjectSamples(PluginContract):
    """Objects of the kinds that a plugin has rules for, and what its author says of them.

    `None` for `expected` or `content_edits` says that other tests look at this.
    """

    samples: ClassVar[Samples]
    """Objects in every state that the plugin tells apart."""

    expected: ClassVar[Mapping[str, tuple[str, bool]] | None] = MappingProxyType({})
    """Sample -> (state, servable)."""

    related: ClassVar[Mapping[str, Sequence[Mapping[str, Any]]]] = MappingProxyType({})
    """Sample -> manifests of other objects that can be seen beside it."""

    content_edits: ClassVar[Sequence[Edit] | None] = ()
    """What makes new content of a sample."""

    other_edits: ClassVar[Sequence[Edit]] = ()
    """What does not, such as numbers that autoscalers write. What the API server writes is looked at anyway."""

    answers_every_kind: ClassVar[bool] = False
    """True for a fallback, which has a rule for whatever it is asked."""

    mutants: ClassVar[int] = 500
    """How many broken copies of each sample the plugin is asked about."""

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """One test for each sample."""
        if "sample" in metafunc.fixturenames:
            metafunc.parametrize("sample", list(_samples_of(type(self))))

    @classmethod
    def resource(cls, sample: str) -> Resource:
        """A sample by its name; a copy, so that a plugin that changes it spoils no other test."""
        return copy.deepcopy(_samples_of(cls)[sample])

    @classmethod
    def sample_names(cls) -> frozenset[str]:
        """The names of all samples."""
        return frozenset(_samples_of(cls))

    @classmethod
    def seen(
        cls, loaded: PluginUnderTest, sample: str, resource: Resource, about: str = ""
    ) -> Mapping[ResourceId, Resource]:
        """The related objects of a sample that the plugin asks for when it is shown `resource`, which is `about`."""
        given = [as_resource(manifest) for manifest in cls.related.get(sample, ())]
        wanted = related_ids(loaded, resource, about or sample) if given else frozenset()
        return {each.id: each for each in given if each.id in wanted}


def related_ids(loaded: PluginUnderTest, resource: Resource, about: str) -> frozenset[ResourceId]:
    """The objects that the plugin wants to see beside `resource`; fails the running test for what is no answer."""
    answer = asked_twice(loaded, "related_resources", about, resource=resource)
    if answer.value is None:
        return frozenset()
    flaw = related_flaw(answer, resource.id)
    check(not flaw, f"related_resources of {about}: {flaw}")
    return frozenset(each for each in as_sequence(answer.value) if isinstance(each, ResourceId))


def asked_twice(loaded: PluginUnderTest, hook: str, about: str, **arguments: Any) -> Answer:
    """What the plugin answers; fails the running test when it raises, changes an argument, or changes its mind."""
    before = repr(arguments)
    first = loaded.ask(hook, **arguments)
    if first.error is not None:
        raised(first.error, hook, about)
    second = loaded.ask(hook, **arguments)
    check(repr(arguments) == before, f"{hook} changed the object that it was asked about: {about}")
    same(repr(second.value), repr(first.value), f"{hook} gave two answers about {about}")
    return first


def as_sequence(value: object) -> Sequence[object]:
    """A list or a tuple; nothing else has entries."""
    return value if isinstance(value, (list, tuple)) else ()


_READ: dict[type[ObjectSamples], dict[str, Resource]] = {}


def _samples_of(contract: type[ObjectSamples]) -> dict[str, Resource]:
    if contract not in _READ:
        _READ[contract] = _read(contract)
    return _READ[contract]


def _read(contract: type[ObjectSamples]) -> dict[str, Resource]:
    if not hasattr(contract, "samples"):
        message = f"{contract.__name__} needs an attribute `samples`: name -> manifest, or a folder of YAML files"
        raise ValueError(message)
    found = read_samples(contract.samples, contract)
    if not found:
        message = f"the samples of {contract.__name__} are empty"
        raise ValueError(message)
    return found
