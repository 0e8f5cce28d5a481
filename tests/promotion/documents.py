"""Texts of manifests for tests that draw them: values written in many ways, with comments in between."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from iter8_gitops.spec.scalars import resolve

WORDS = st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True).filter(lambda word: resolve(word) == word)
TEXTS = st.one_of(
    WORDS,
    st.sampled_from(
        ["web:1", "true", "12", "1.0", "", "null", "a b", "it's", 'say "x"', "é😀", "- x", "a: b", "#no", "y"]
    ),
    st.sampled_from(["line\nline\n", "line\n\n  deeper\n", "no end\nof line"]),
)
SCALARS = st.one_of(TEXTS, st.integers(-5, 5), st.booleans(), st.none())
NAMED = st.builds(lambda name, value: {"name": name, "value": value}, WORDS, TEXTS)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.dictionaries(WORDS, inner, max_size=4),
        st.lists(inner, max_size=4),
        st.lists(NAMED, max_size=3, unique_by=lambda each: each["name"]),
    ),
    max_leaves=12,
)
MAPPINGS = st.dictionaries(WORDS, VALUES, max_size=4).map(lambda data: {"kind": "Thing", **data})


@dataclass
class Writer:
    """Writes values as YAML in the ways that people do; each comment is a new one, and noted."""

    draw: st.DrawFn
    prefix: str = "c"
    count: int = 0
    indentless: bool = False

    def comment(self) -> str:
        self.count += 1
        return f"# {self.prefix}{self.count}!"

    def document(self, data: dict[str, Any]) -> str:
        self.indentless = self.draw(st.booleans())
        return "".join(f"{line}\n" for line in self._mapping(data, 0, self.draw(st.sampled_from([2, 4]))))

    def _mapping(self, data: dict[str, Any], margin: int, step: int) -> list[str]:
        lines: list[str] = []
        for key, value in data.items():
            lines += self._between(margin)
            lines += self._behind(f"{' ' * margin}{key}:", value, margin, step)
        return lines

    def _sequence(self, data: list[Any], margin: int, step: int) -> list[str]:
        lines: list[str] = []
        for value in data:
            lines += self._between(margin)
            if isinstance(value, dict) and value and self.draw(st.booleans()):
                first, *others = self._mapping_plain(value, margin + 2, step)
                lines += [f"{' ' * margin}- {first.lstrip()}", *others]
            else:
                lines += self._behind(f"{' ' * margin}-", value, margin, step)
        return lines

    def _mapping_plain(self, data: dict[str, Any], margin: int, step: int) -> list[str]:
        lines: list[str] = []
        for key, value in data.items():
            lines += self._behind(f"{' ' * margin}{key}:", value, margin, step)
            lines += self._between(margin)
        while lines[-1].lstrip().startswith("#") or not lines[-1].strip():
            lines.pop()
        return lines

    def _between(self, margin: int) -> list[str]:
        match self.draw(st.integers(0, 5)):
            case 0:
                return [f"{' ' * margin}{self.comment()}"]
            case 1:
                return [""]
            case _:
                return []

    def _behind(self, head: str, value: Any, margin: int, step: int) -> list[str]:
        tail = f"  {self.comment()}" if self.draw(st.integers(0, 3)) == 0 else ""
        if isinstance(value, str) and "\n" in value and not value.startswith(" "):
            header = "|" if value.endswith("\n") else "|-"
            body = value.removesuffix("\n").split("\n")
            return [f"{head} {header}", *(f"{' ' * (margin + step)}{line}" if line else "" for line in body)]
        if isinstance(value, (dict, list)) and value and self.draw(st.integers(0, 3)):
            if isinstance(value, dict):
                return [f"{head}{tail}", *self._mapping(value, margin + step, step)]
            inner = margin if self.indentless and head.endswith(":") else margin + step
            return [f"{head}{tail}", *self._sequence(value, inner, step)]
        written = json.dumps(value, ensure_ascii=False)
        if isinstance(value, str) and self.draw(st.booleans()) and value.isprintable():
            written = "'" + value.replace("'", "''") + "'"
        elif value is None and self.draw(st.booleans()):
            return [f"{head}{tail}"]
        return [f"{head} {written}{tail}"]


@st.composite
def written_documents(draw: st.DrawFn, prefix: str = "c") -> tuple[str, dict[str, Any]]:
    """A document as text, and its value."""
    data = draw(MAPPINGS)
    return Writer(draw, prefix).document(data), data
