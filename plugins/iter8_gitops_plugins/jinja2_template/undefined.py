"""What a name that does not exist reads as: an error when it is used, with the names that there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import StrictUndefined
from jinja2.exceptions import TemplateRuntimeError, UndefinedError
from jinja2.utils import missing

_MAX_NAMES = 12


class UnknownNameError(UndefinedError):
    """A template uses a variable that it was not given. Whoever catches it knows which it was given."""


class NamingUndefined(StrictUndefined):
    """Jinja2's own, except that its messages are for people who have not seen the data."""

    __slots__ = ()

    def __init__(
        self,
        hint: str | None = None,
        obj: Any = missing,
        name: str | None = None,
        exc: type[TemplateRuntimeError] = UndefinedError,
    ) -> None:
        unknown = obj is missing and hint is None and exc is UndefinedError
        super().__init__(hint, obj, name, UnknownNameError if unknown else exc)

    # Otherwise a list that holds one would be written as `[Undefined]`.
    __repr__ = StrictUndefined.__str__

    @property
    def _undefined_message(self) -> str:
        owner: Any = self._undefined_obj
        name: Any = self._undefined_name
        if self._undefined_hint:
            return self._undefined_hint
        if owner is missing:
            return f"there is no name {name!r}"
        if isinstance(owner, Mapping):
            return f"there is no {name!r} in it; {listed(owner)}"
        if isinstance(owner, (list, tuple)) and isinstance(name, int):
            return f"there is no item {name}; it has {len(owner)}, counted from 0"
        return f"there is no {name!r} in a value of type {type(owner).__name__}"


def listed(names: Mapping[Any, Any]) -> str:
    """The keys of a mapping, as the end of a sentence."""
    if not names:
        return "it is empty"
    shown = ", ".join(sorted(map(str, names))[:_MAX_NAMES])
    return f"the names are {shown}{', ...' if len(names) > _MAX_NAMES else ''}"
