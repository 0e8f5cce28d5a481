"""The rules in the section `resourceTypes` of a configuration: their texts compiled, with the places of mistakes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from iter8_gitops.runtime.rules.expressions import compile_condition, compile_wording
from iter8_gitops.runtime.rules.ignored import IgnoredPath, compile_path
from iter8_gitops.runtime.rules.mistakes import MistakeError
from iter8_gitops.runtime.rules.rule import Rule
from iter8_gitops.spec.complaints import Complaint
from iter8_gitops.spec.documents import Document, Source, Step
from iter8_gitops.spec.problem import Code, Problem
from iter8_gitops.spec.yaml import embedded_source

SECTION = "resourceTypes"
_CONDITIONS = ("failed", "ready", "servable")
_WORDINGS = ("message",)
_LINE_BREAKS = ("\n", "\r", "\x85", "\u2028", "\u2029")
_Compiled = TypeVar("_Compiled")


@dataclass(frozen=True, slots=True)
class ReadRules:
    """The rule of each resource type by its short name, without its conditions, and what is wrong with them."""

    rules: Mapping[str, Rule]
    problems: tuple[Problem, ...]


def read_rules(document: Document) -> ReadRules:
    """The rules in `document`, which need not be valid: what is not of the right type is left to others to tell."""
    reader = _Reader(document)
    types = document.data.get(SECTION) if isinstance(document.data, dict) else None
    given = {name: each for name, each in types.items() if isinstance(each, dict)} if isinstance(types, dict) else {}
    rules = {name: reader.rule(name, each) for name, each in given.items()}
    return ReadRules(rules, (*reader.problems, *_contradictions(document, given)))


class _Reader:
    """Reads rules, and gathers what is wrong with them."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.problems: list[Problem] = []

    def rule(self, name: str, given: Mapping[str, Any]) -> Rule:
        """The rule of the type `name`; what is wrong with it is added to `problems`."""
        override = given.get("override") is True
        if override and not given.get("ready") and not given.get("conditions"):
            said, hint = "is set where there is no rule to go first", "add ready or conditions"
            self.problems.append(Complaint((SECTION, name, "override"), said, hint).problem(self._document))
        compiled: dict[str, Any] = {
            **{key: self._compiled(compile_condition, given.get(key), name, key) for key in _CONDITIONS},
            **{key: self._compiled(compile_wording, given.get(key), name, key) for key in _WORDINGS},
        }
        return Rule(override=override, ignore=tuple(self._ignored(name, given.get("ignore"))), **compiled)

    def _ignored(self, name: str, given: Any) -> Iterator[IgnoredPath]:
        for index, each in enumerate(given if isinstance(given, list) else ()):
            path = self._compiled(compile_path, each, name, "ignore", index)
            if path is not None:
                yield path

    def _compiled(self, compiler: Callable[[str], _Compiled], text: Any, *path: Step) -> _Compiled | None:
        if not isinstance(text, str) or not text:
            return None
        try:
            return compiler(text)
        except MistakeError as mistake:
            place = (SECTION, *path)
            problem = Complaint(place, mistake.message, mistake.hint).problem(self._document)
            if mistake.mark is not None:
                line, column = _located(self._document, place, mistake.mark)
                problem = replace(problem, line=line, column=column)
            self.problems.append(problem)
            return None


def _contradictions(document: Document, types: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
    """Expressions that differ from those of another type of the same kind."""
    stated = {_plural(each): each["Kind"] for each in types.values() if isinstance(each.get("Kind"), str)}
    first: dict[tuple[Any, ...], tuple[str, str]] = {}
    for name, each in types.items():
        kind = (_plural(each)[0], stated.get(_plural(each), _plural(each)))
        for key in (*_CONDITIONS, *_WORDINGS):
            text = each.get(key)
            if not isinstance(text, str) or not text:
                continue
            other, before = first.setdefault((kind, key), (name, text))
            if before != text:
                line, column = document.position(SECTION, other, key)
                said = f"differs from that of {other} at {document.file}:{line}:{column}, and both are of one kind"
                complaint = Complaint((SECTION, name, key), said, "keep one of them", code=Code.DUPLICATE)
                yield complaint.problem(document)


def _plural(given: Mapping[str, Any]) -> tuple[str, str]:
    return str(given.get("Group") or ""), str(given.get("Resource"))


def _located(document: Document, path: tuple[Step, ...], mark: tuple[int, int]) -> tuple[int, int]:
    """Line and column, from 1, of a place in the text at `path`; those of the text when it is not as it was written."""
    source = embedded_source(document, *path)
    return source.locate(mark) if source.exact else _written_on_one_line(document.at(*path), source).locate(mark)


def _written_on_one_line(value: Document, embedded: Source) -> Source:
    """`embedded`, exact where the text stands on one line as it is, plain or in quotes."""
    outer, (line, column) = value.source, value.node.mark
    text = embedded.text
    if not outer.exact or any(each in text for each in _LINE_BREAKS):
        return embedded
    written = outer.text.splitlines()[line][column:]
    quoted = 1 if written[:1] in ("'", '"') else 0
    if not written.startswith(text, quoted):
        return embedded
    return replace(embedded, column=embedded.column + quoted, exact=True)
