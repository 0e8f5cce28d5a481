"""What every notifier promises: to tell people or machines elsewhere what has happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable


class NoticeKind(StrEnum):
    """What there is to tell."""

    READY = "ready"
    STALLED = "stalled"
    PROMOTED = "promoted"
    PROBLEM = "problem"


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
    were read from the environment or from files; no message may ever show one.
    """

    type: str
    name: str
    options: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
