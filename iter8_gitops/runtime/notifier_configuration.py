"""The section `notifiers` of a configuration: who is told of what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from iter8_gitops.contracts.notifier import Notice, NoticeKind, NotifierSettings
from iter8_gitops.errors import ConfigurationError
from iter8_gitops.secret_references import FromEnvironment, FromFile, SecretReference
from iter8_gitops.spec.complaints import Complaint, dotted
from iter8_gitops.spec.documents import Document, Step
from iter8_gitops.spec.fields import Strict, only
from iter8_gitops.spec.problem import Code, Problem
from iter8_gitops.spec.wording import abridged, kind_of

SECTION = "notifiers"
_LONGEST_NAME = 63
_SECRET_KEYS = ("fromEnv", "fromFile")
_SECRET_HINT = "write {fromEnv: NAME} or {fromFile: PATH}"  # noqa: S105 - the form of one, not one


def _text_or_secret(value: Any) -> Any:
    """A check that never repeats the value: what stands where it should not may be a secret."""
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        said, hint = f"must be text, not {kind_of(value)}", "" if isinstance(value, list) else "quote it"
        raise PydanticCustomError("rule", "{said}", {"said": said, "hint": hint})
    source = list(value.values())
    if len(source) != 1 or next(iter(value)) not in _SECRET_KEYS or not (isinstance(source[0], str) and source[0]):
        said = "does not say where the secret is"
        raise PydanticCustomError("rule", "{said}", {"said": said, "hint": _SECRET_HINT})
    return value


NotifierName = Annotated[
    str,
    Field(min_length=1, max_length=_LONGEST_NAME),
    only(str.isprintable, "name", lambda _: "use printable characters"),
]
ApplicationPattern = Annotated[
    str,
    only(
        lambda text: text.count("/") == 1 and not text.startswith("/") and not text.endswith("/"),
        "pattern of applications",
        lambda _: "write namespace/name, where * stands for anything, such as shop/*",
    ),
]
EventName = Literal["ready", "stalled", "promoted", "step", "problem", "revision"]
_UNLESS_SAID = frozenset(NoticeKind) - {NoticeKind.REVISION}


class NotifierDocument(Strict):
    """One notifier. Every other key is an option of its type, or a secret for it."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Annotated[Any, AfterValidator(_text_or_secret)]]

    type: NotifierName
    name: NotifierName | None = None
    events: Annotated[list[EventName], Field(min_length=1)] | None = None
    applications: Annotated[list[ApplicationPattern], Field(min_length=1)] | None = None


@dataclass(frozen=True, slots=True)
class NotifierConfiguration:
    """One notifier that is asked for. `place` is where the configuration says so.

    `applications` are patterns of `namespace/name`; None for all, and for what concerns no application, too.
    """

    type: str
    name: str
    place: str
    events: frozenset[NoticeKind]
    applications: tuple[str, ...] | None
    options: Mapping[str, str]
    secrets: Mapping[str, SecretReference]

    def wants(self, notice: Notice) -> bool:
        """Whether this notifier is to be told."""
        patterns = self.applications
        concerned = patterns is None or any(_matches(notice.application, pattern) for pattern in patterns)
        return notice.kind in self.events and concerned

    def settings(self) -> NotifierSettings:
        """What its plugin needs, with the secrets as they are now. Raises `ConfigurationError`."""
        secrets = {name: reference.read() for name, reference in self.secrets.items()}
        return NotifierSettings(self.type, self.name, self.options, secrets, self.events)


def notifier_configurations(
    document: Document, parsed: Sequence[NotifierDocument]
) -> tuple[NotifierConfiguration, ...]:
    """The notifiers that `document` asks for. Raises `ConfigurationError` for two of one name.

    No secret is read yet, so that a configuration can be checked where they are not. Files of secrets that are named
    by a relative path lie beside the document.
    """
    problems = list(_name_problems(document, parsed))
    if problems:
        raise ConfigurationError("\n".join(map(str, problems)))
    return tuple(_configuration(document, index, each) for index, each in enumerate(parsed))


def _name_problems(document: Document, parsed: Sequence[NotifierDocument]) -> Iterator[Problem]:
    """One for each notifier that has the name of one before it."""
    used: dict[str, int] = {}
    for index, each in enumerate(parsed):
        name = each.name or each.type
        first = used.setdefault(name, index)
        if first != index:
            said = f"has the name of {SECTION}[{first}]: `{abridged(name)}`"
            hint = "give each its own `name`; without one it is called as its type"
            yield Complaint((SECTION, index), said, hint, code=Code.DUPLICATE).problem(document)


def _configuration(document: Document, index: int, parsed: NotifierDocument) -> NotifierConfiguration:
    given: dict[str, str | dict[str, str]] = parsed.model_extra or {}
    return NotifierConfiguration(
        type=parsed.type,
        name=parsed.name or parsed.type,
        place=_place(document, SECTION, index),
        events=frozenset(NoticeKind(event) for event in parsed.events) if parsed.events else _UNLESS_SAID,
        applications=None if parsed.applications is None else tuple(parsed.applications),
        options={key: value for key, value in given.items() if isinstance(value, str)},
        secrets={
            key: _reference(value, document, SECTION, index, key)
            for key, value in given.items()
            if not isinstance(value, str)
        },
    )


def _reference(value: Mapping[str, str], document: Document, *path: Step) -> SecretReference:
    place = _place(document, *path)
    if "fromEnv" in value:
        return FromEnvironment(value["fromEnv"], place)
    return FromFile(Path(document.file).parent / value["fromFile"], place)


def _place(document: Document, *path: Step) -> str:
    line, column = document.position(*path)
    return f"{document.file}:{line}:{column}: {dotted('', path)}"


def _matches(application: str, pattern: str) -> bool:
    """Whether both parts match, so that no `*` reaches across the slash."""
    named, asked = application.partition("/"), pattern.partition("/")
    return bool(application) and fnmatchcase(named[0], asked[0]) and fnmatchcase(named[2], asked[2])
