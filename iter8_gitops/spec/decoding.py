"""From a document to a routemap, or to everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, TypeVar

from pydantic import ValidationError

from iter8_gitops.spec.checks import (
    check_scope,
    check_spec,
    stated_namespaces,
    states_every_namespace,
)
from iter8_gitops.spec.complaints import Complaint, complaints_of
from iter8_gitops.spec.conversion import routemap_of
from iter8_gitops.spec.documents import Document
from iter8_gitops.spec.fields import Strict
from iter8_gitops.spec.forms import Form, recognise
from iter8_gitops.spec.kinds import KindTable
from iter8_gitops.spec.manifests import Metadata
from iter8_gitops.spec.names import is_name, is_namespace
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.routemap import DEFAULT_NAMESPACE, Routemap
from iter8_gitops.spec.schema import RoutemapSpec
from iter8_gitops.spec.yaml import read_embedded

MAX_PROBLEMS = 100
"""Most problems told of one document."""

_METADATA_KEYS = Metadata.ignored.union(Metadata.keys())
_Model = TypeVar("_Model", bound=Strict)


def decode_routemap(
    document: Document, kinds: KindTable, default_namespace: str | None = None, scope: str | None = None
) -> Routemap | list[Problem] | None:
    """The routemap in `document`, or all problems of it by position; None when it is a foreign manifest.

    The namespace is the first of: `metadata.namespace`; `default_namespace`; the one namespace that all
    resources agree on (of those that state any); `default`. With a `scope`, a namespace, anything outside of
    it is a problem.
    """
    form = recognise(document.data)
    if form is None:
        return None
    parts = _take_apart(document, form)
    namespace = parts.namespace(default_namespace) or DEFAULT_NAMESPACE
    decoded = _decode(parts, form, kinds, namespace, scope) if isinstance(form, Form) else [form.problem(document)]
    if isinstance(decoded, Routemap):
        return decoded
    return _arranged(decoded, parts.application(default_namespace))


def application_of(document: Document, default_namespace: str | None = None, *, whole: bool) -> str | None:
    """Which application a document that cannot be decoded is about, if it is a routemap and can be told.

    With `whole` False, part of the document was not read: then nothing is concluded from what is absent.
    """
    form = recognise(document.data)
    if form is None:
        return None
    parts = _take_apart(document, form)
    return replace(parts, whole=parts.whole and whole).application(default_namespace)


@dataclass(frozen=True, slots=True)
class _Parts:
    """A routemap document taken apart, as far as that goes. `label` is what the spec is called in messages.

    `problems` are those of reading an embedded spec; `whole` is False when part of it was not read.
    """

    document: Document
    spec: Document | None
    label: str
    problems: Sequence[Problem] = ()
    whole: bool = True

    def namespace(self, default_namespace: str | None) -> str | None:
        """The namespace that something states, None when nothing does."""
        own = self.metadata.get("namespace")
        if isinstance(own, str) or default_namespace:
            return own if isinstance(own, str) else default_namespace
        stated = stated_namespaces(self.spec.data if self.spec else None)
        return stated.pop() if len(stated) == 1 else None

    def application(self, default_namespace: str | None) -> str | None:
        """`namespace/name`, when both are valid and certain.

        They are not when the namespace may have been meant to be stated somewhere that was not read.
        """
        name, namespace = self.metadata.get("name"), self.metadata.get("namespace")
        if namespace is None:
            namespace = self.namespace(default_namespace) or (DEFAULT_NAMESPACE if self._states_none() else None)
        if not isinstance(name, str) or not isinstance(namespace, str):
            return None
        return f"{namespace}/{name}" if is_name(name) and is_namespace(namespace) else None

    def _states_none(self) -> bool:
        known = _METADATA_KEYS.issuperset(self.metadata)
        return self.whole and known and self.spec is not None and states_every_namespace(self.spec.data)

    @property
    def metadata(self) -> dict[str, Any]:
        """The metadata as written; empty when it is no mapping."""
        metadata = self.document.data.get("metadata")
        return metadata if isinstance(metadata, dict) else {}


def _take_apart(document: Document, form: Form | Complaint) -> _Parts:
    data = document.data
    section = data.get("data")
    text = section.get("strSpec") if isinstance(section, dict) else None
    if form is Form.NATIVE or (form is not Form.CONFIG_MAP and not isinstance(text, str)):
        return _Parts(document, document.at("spec") if data.get("spec") is not None else None, "spec")
    if not isinstance(text, str):
        return _Parts(document, None, "strSpec")
    reading = read_embedded(document, "data", "strSpec")
    if reading.problems:
        read = reading.damaged[0].document if reading.damaged else None
        whole = all(damaged.complete for damaged in reading.damaged)
        return _Parts(document, read, "strSpec", reading.problems, whole)
    if len(reading.documents) == 1:
        return _Parts(document, reading.documents[0], "strSpec")
    said = "holds more than one document" if reading.documents else "is empty"
    complaint = Complaint(("data", "strSpec"), said, "write the versions of the routemap there")
    return _Parts(document, None, "strSpec", [complaint.problem(document)])


def _decode(parts: _Parts, form: Form, kinds: KindTable, namespace: str, scope: str | None) -> Routemap | list[Problem]:
    manifest, complaints = _validated(form.model, parts.document.data)
    if scope is not None:
        complaints += check_scope(parts.metadata, namespace, scope)
    problems = [complaint.problem(parts.document) for complaint in complaints]
    problems += parts.problems
    spec: RoutemapSpec | None = None
    if parts.spec is not None and not parts.problems:
        spec, complaints = _validated(RoutemapSpec, parts.spec.data)
        if isinstance(parts.spec.data, dict):
            complaints += islice(check_spec(parts.spec.data, kinds, namespace, scope), MAX_PROBLEMS + 1)
        problems += [complaint.problem(parts.spec, parts.label) for complaint in complaints]
    if problems or spec is None or manifest is None:
        return problems
    return routemap_of(manifest.metadata, spec, kinds, namespace)


def _validated(model: type[_Model], data: Any) -> tuple[_Model | None, list[Complaint]]:
    try:
        return model.model_validate(data), []
    except ValidationError as error:
        return None, list(islice(complaints_of(error, model), MAX_PROBLEMS + 1))


def _arranged(problems: Iterable[Problem], application: str | None) -> list[Problem]:
    """The problems of `application` by position, each once, and not more than anybody reads."""
    ordered = sorted({replace(problem, application=application) for problem in problems}, key=_place)
    if len(ordered) > MAX_PROBLEMS:
        last = replace(ordered[MAX_PROBLEMS - 1], message="more problems follow", hint="correct the ones before")
        ordered[MAX_PROBLEMS - 1 :] = [last]
    return ordered


def _place(problem: Problem) -> tuple[int, int, str]:
    return problem.line, problem.column, problem.message
