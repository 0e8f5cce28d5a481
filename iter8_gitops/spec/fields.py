"""What every document's schema is made of: checked kinds of text and numbers, and models that convert nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any, ClassVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from iter8_gitops.spec import names
from iter8_gitops.spec.durations import DURATION_HINT, DURATION_PATTERN, parse_duration
from iter8_gitops.spec.percentages import PERCENTAGE_HINT, PERCENTAGE_PATTERN, parse_percentage
from iter8_gitops.spec.wording import abridged, kind_of

LEAST_DEADLINE = 1.0
"""Seconds."""
LONGEST_VERSION_NAME = 253
"""Characters; the name is for people, who also see it in terminals: it must be printable."""


def only(valid: Callable[[str], bool], what: str, hint: Callable[[str], str]) -> AfterValidator:
    """A check of a text. Its message continues the sentence that begins with the path of the value."""

    def check(value: str) -> str:
        if not valid(value):
            said = f"is no valid {what}: `{abridged(value)}`"
            raise PydanticCustomError("rule", "{said}", {"said": said, "hint": hint(value)})
        return value

    return AfterValidator(check)


def looks(pattern: str, hint: str, longest: int | None = None) -> WithJsonSchema:
    """What a JSON Schema can say of a text: the whole of it matches `pattern`. Editors show `hint` when it does not."""
    # In Python's expressions `$` also matches before a last line break.
    said = {"type": "string", "pattern": f"^(?:{pattern})$(?!\\n)", "patternErrorMessage": hint}
    return WithJsonSchema(said if longest is None else {**said, "maxLength": longest})


_API_VERSION_HINT = "write group/version, such as apps/v1"
_KIND_HINT = "write it as manifests do, such as Deployment"
_VERSION_NAME_HINT = "use printable characters"

Name = Annotated[
    str,
    only(names.is_name, "name", names.name_hint),
    looks(names.NAME_PATTERN, names.NAME_RULE, names.LONGEST_NAME),
]
Namespace = Annotated[
    str,
    only(names.is_namespace, "namespace", names.namespace_hint),
    looks(names.NAMESPACE_PATTERN, names.NAMESPACE_RULE, names.LONGEST_NAMESPACE),
]
ApiVersion = Annotated[
    str,
    only(names.is_api_version, "API version", lambda _: _API_VERSION_HINT),
    looks(names.API_VERSION_PATTERN, _API_VERSION_HINT, names.LONGEST_API_VERSION),
]
Kind = Annotated[
    str,
    only(names.is_kind, "kind", lambda _: _KIND_HINT),
    looks(names.KIND_PATTERN, _KIND_HINT, names.LONGEST_KIND),
]
VersionName = Annotated[
    str,
    Field(min_length=1, max_length=LONGEST_VERSION_NAME),
    only(str.isprintable, "name", lambda _: _VERSION_NAME_HINT),
    # Of what is not printable, expressions that every editor knows can name the control characters.
    looks(r"[^\u0000-\u001f\u007f-\u009f]+", _VERSION_NAME_HINT, LONGEST_VERSION_NAME),
]


def _seconds(value: Any) -> float:
    seconds = parse_duration(value) if isinstance(value, str) else None
    if seconds is None:
        text = isinstance(value, str)
        said = f"is no duration: `{abridged(value)}`" if text else f"must be text, not {kind_of(value)}"
        raise PydanticCustomError("rule", "{said}", {"said": said, "hint": DURATION_HINT})
    return seconds


def _some_time(seconds: float) -> float:
    if seconds < LEAST_DEADLINE:
        said = f"must be at least {LEAST_DEADLINE:g}s"
        raise PydanticCustomError("rule", "{said}", {"said": said, "hint": "write a duration such as 10m"})
    return seconds


Duration = Annotated[float, BeforeValidator(_seconds), looks(DURATION_PATTERN, DURATION_HINT)]
"""Seconds; documents write them as Go does."""

Deadline = Annotated[Duration, AfterValidator(_some_time)]


def _share(value: Any) -> float:
    share = parse_percentage(value) if isinstance(value, str) else None
    if share is None:
        text = isinstance(value, str)
        said = f"is no percentage: `{abridged(value)}`" if text else f"must be text, not {kind_of(value)}"
        raise PydanticCustomError("rule", "{said}", {"said": said, "hint": PERCENTAGE_HINT})
    return share


Percentage = Annotated[float, BeforeValidator(_share), looks(PERCENTAGE_PATTERN, PERCENTAGE_HINT)]
"""A share from 0 to 1; documents write it as `2%`."""


class Strict(BaseModel):
    """No conversions, no unknown keys. Keys in `ignored` are allowed and dropped."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, alias_generator=to_camel)
    ignored: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="before")
    @classmethod
    def _without_absent(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        known = set(cls.keys())
        return {
            key: value
            for key, value in data.items()
            if key not in cls.ignored and (value is not None or key not in known)
        }

    @classmethod
    def keys(cls) -> list[str]:
        """The keys that mean something, as documents write them."""
        return [field.alias or name for name, field in cls.model_fields.items()]


def items_of(value: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    """The mappings in a list, with their indices; nothing when it is no list."""
    for index, item in enumerate(value if isinstance(value, list) else ()):
        if isinstance(item, dict):
            yield index, item
