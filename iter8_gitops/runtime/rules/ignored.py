"""Paths to parts of a spec that are no content, in JSONPath (RFC 9535).

The cost of a path is bounded by what it may look like: it goes down to any depth (`..`) only once, its filters are few
and look at nothing but the item itself, and no text is matched against regular expressions, which could take for ever.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Final

from jsonpath import CompoundJSONPath, JSONPath, JSONPathEnvironment, JSONPathError
from jsonpath.token import TOKEN_DDOT, TOKEN_FILTER, TOKEN_ROOT

from iter8_gitops.runtime.rules.bounded import MAX_DEPTH
from iter8_gitops.runtime.rules.mistakes import MistakeError
from iter8_gitops.spec.content import without_scale
from iter8_gitops.spec.resource import Resource
from iter8_gitops.spec.status import text as one_line

LONGEST = 1000
"""Characters of a path."""

_MOST: Final = {
    TOKEN_DDOT: (1, "goes down with .. more than once"),
    TOKEN_FILTER: (3, "has more than 3 filters"),
    TOKEN_ROOT: (1, "asks for $ inside of itself"),
}
"""How often a token may stand in a path, and what is said of one that is too many."""

_BEGINS = re.compile(r"(?:\$\.)?spec(?![\w-])|\$\[(?:'spec'|\"spec\")\]")
_TOKEN_NAME = re.compile(r"TOKEN_(\w+)")
_HINT: Final = "write it as in spec.replicas or spec.workers[*].replicas"


class _Environment(JSONPathEnvironment):
    """The standard's language without its regular expressions."""

    def setup_function_extensions(self) -> None:
        super().setup_function_extensions()
        for name in ("match", "search"):
            del self.function_extensions[name]


_ENVIRONMENT = _Environment(strict=True)


@dataclass(frozen=True, slots=True)
class IgnoredPath:
    """A compiled path. Two are equal when their texts are."""

    text: str
    _path: JSONPath | CompoundJSONPath = field(repr=False, compare=False)

    def places(self, spec: Any) -> set[tuple[str | int, ...]]:
        """Where it leads to in `spec`, as keys and indexes. `spec` must not be nested deeper than `MAX_DEPTH`."""
        try:
            return {match.parts[1:] for match in self._path.finditer({"spec": spec})}
        except JSONPathError:
            return set()


def compile_path(text: str) -> IgnoredPath:
    """Raises `MistakeError`."""
    if len(text) > LONGEST:
        message = f"has {len(text)} characters, and at most {LONGEST} are allowed"
        raise MistakeError(message)
    if not _BEGINS.match(text):
        raise MistakeError("does not begin with spec", _HINT, (0, 0))
    added = 0 if text.startswith("$") else 2
    path = text if added == 0 else f"$.{text}"
    try:
        tokens = list(_ENVIRONMENT.lexer.tokenize(path))
        compiled = _ENVIRONMENT.compile(path)
    except (JSONPathError, RecursionError) as error:
        raise _mistake(error, text, added) from None
    for kind, (most, said) in _MOST.items():
        places = [token.index for token in tokens if token.kind == kind]
        if len(places) > most:
            raise MistakeError(said, mark=_mark(text, places[most] - added))
    return IgnoredPath(text, compiled)


def content_without(resource: Resource, ignored: Collection[IgnoredPath]) -> Any:
    """The spec as content: without what is ignored, and without scale fields.

    One that is nested too deeply for paths is content as it stands.
    """
    spec = resource.spec
    if _deeper_than(spec, MAX_DEPTH):
        return spec
    places = {place for path in ignored for place in path.places(spec)}
    return {} if () in places else without_scale(_pruned(spec, places, ()))


def _pruned(value: Any, places: Collection[tuple[str | int, ...]], here: tuple[str | int, ...]) -> Any:
    """A copy of `value`, which stands at `here`, without what stands at `places`."""
    if isinstance(value, dict):
        return {
            key: _pruned(item, places, there) for key, item in value.items() if (there := (*here, key)) not in places
        }
    if isinstance(value, list):
        return [
            _pruned(item, places, there) for index, item in enumerate(value) if (there := (*here, index)) not in places
        ]
    return value


def _deeper_than(value: Any, levels: int) -> bool:
    if not isinstance(value, (dict, list)):
        return False
    inside = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_deeper_than(item, levels - 1) for item in inside)


def _mistake(error: Exception, text: str, added: int) -> MistakeError:
    # The library's own text of an error shows the path in several lines, or fails.
    said = str(error.args[0]) if error.args else "it is nested too deeply"
    said = _TOKEN_NAME.sub(lambda name: name[1].lower().replace("_", " "), said)
    token = getattr(error, "token", None)
    index = token.index if token is not None and token.index >= 0 else len(text) + added
    return MistakeError(f"is no valid path: {one_line(said)}", _HINT, _mark(text, index - added))


def _mark(text: str, index: int) -> tuple[int, int]:
    """The line and column of a place in `text`, counting from 0."""
    before = text[: max(index, 0)]
    return before.count("\n"), len(before) - before.rfind("\n") - 1
