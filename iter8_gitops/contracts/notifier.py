"""What every notifier promises: to tell people or machines elsewhere what has happened."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable

from iter8_gitops.errors import ConfigurationError
from iter8_gitops.spec.wording import abridged, suggestion

LONGEST_TEXT = 1000
"""Characters of a notice in one line. Messages may quote what plugins and API servers say, at any length."""

_SIGNATURE_SHOWN = 8
_DIGEST = re.compile(r"((?:sha256:)?[0-9a-f]{7})[0-9a-f]*")
_SECRET_FORM = "{fromEnv: NAME} or {fromFile: PATH}"  # noqa: S105 - the form of one, not one


class NoticeKind(StrEnum):
    """What there is to tell. `STEP` is one that the controller takes by itself: of a ramp, or towards a promotion.

    `REVISION` says what became of a commit, and is told to those who ask for it alone.
    """

    READY = "ready"
    STALLED = "stalled"
    PROMOTED = "promoted"
    STEP = "step"
    PROBLEM = "problem"
    REVISION = "revision"


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that has happened.

    `reason` is a CamelCase word, `message` a sentence. `application` is `namespace/name`, "" for what concerns none;
    `version` and `signature` are those of the version that it is about, "" for none. `source` and `revision` say
    where the routemap was read, `at` (seconds since 1970) when it happened.
    """

    kind: NoticeKind
    reason: str
    message: str
    at: float
    application: str = ""
    version: str = ""
    signature: str = ""
    source: str = ""
    revision: str = ""

    @property
    def text(self) -> str:
        """The notice in one line for people, at most `LONGEST_TEXT` characters."""
        about = self.application or (f"source {self.source}" if self.source else "")
        details = [f"signature {self.signature[:_SIGNATURE_SHOWN]}"] if self.signature else []
        details += [f"revision {_short(self.revision)}"] if self.revision else []
        begin, end = f"{about}: " if about else "", f" ({', '.join(details)})" if details else ""
        begin, end = one_line(begin, LONGEST_TEXT // 2), one_line(end, LONGEST_TEXT // 4)
        return f"{begin}{one_line(self.message.strip(), LONGEST_TEXT - len(begin) - len(end))}{end}"


@runtime_checkable
class Notifier(Protocol):
    """A way to tell. Used by one thread of its own, so it may block, but not for longer than some seconds."""

    def send(self, notice: Notice) -> None:
        """Deliver one notice.

        Raises `NotDeliveredError`, which says whether to try again. Anything else that it raises is a defect of
        the plugin, and the notice is dropped.
        """
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


@dataclass(frozen=True, slots=True)
class NotifierSettings:
    """How one notifier is configured.

    `type` says which plugin is meant, `name` is for people. `options` are plain values, `secrets` those that
    were read from the environment or from files; no message may ever show one. `events` are what it is told of. The
    methods are for plugins: they raise `ConfigurationError` in words for the person who wrote the configuration.
    """

    type: str
    name: str
    options: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    events: frozenset[NoticeKind] = frozenset(NoticeKind)

    def option(self, name: str, default: str | None = None) -> str:
        """A plain value. Without a `default` it must be there."""
        if name in self.secrets:
            message = f"{name} is not a secret: write it as text"
            raise ConfigurationError(message)
        value = self.options.get(name, default)
        if value is None:
            message = f"{name} is missing"
            raise ConfigurationError(message)
        return value

    def secret(self, name: str) -> str:
        """A secret, which must be there, and must not stand in the configuration itself."""
        if name in self.options:
            message = f"{name} is a secret, which must not stand here: write {name}: {_SECRET_FORM}"
            raise ConfigurationError(message)
        if name not in self.secrets:
            message = f"{name} is missing: write {name}: {_SECRET_FORM}"
            raise ConfigurationError(message)
        return self.secrets[name]

    def expect_only(self, names: Collection[str]) -> None:
        """Refuse whatever is not among `names`, which is a mistake, or meant for another type."""
        for given in (*self.options, *self.secrets):
            if given not in names:
                message = f"{abridged(given)} is an unknown option ({suggestion(given, names, kind='options')})"
                raise ConfigurationError(message)


def one_line(text: str, longest: int) -> str:
    """`text` on one line, safe to print, and cut to `longest` characters."""
    start = re.sub(r"\s+", " ", text[: 4 * longest])  # whatever the spaces take, enough is left
    shown = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in start)
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"


def _short(revision: str) -> str:
    """A digest as people write it, with seven digits; any other revision as it is."""
    digest = _DIGEST.fullmatch(revision)
    return digest[1] if digest else revision
