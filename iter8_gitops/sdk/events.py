"""Server-sent events, as browsers read them (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

MAX_EVENT_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Event:
    """One event. A comment, which only says that somebody is there, has neither name nor data."""

    name: str = ""
    data: str = ""


class EventParser:
    """Makes events of bytes, however they are cut. Lines end with LF or CRLF, as those of all known servers do."""

    def __init__(self) -> None:
        self._rest = b""
        self._name = ""
        self._data: list[str] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """The events that `chunk` completes. Raises `ValueError` when one is too long or is no text."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            yield from self._take(line.removesuffix(b"\r"))
        if len(self._rest) + self._size > MAX_EVENT_BYTES:
            message = f"an event has more than {MAX_EVENT_BYTES} bytes"
            raise ValueError(message)

    def _take(self, line: bytes) -> Iterator[Event]:
        if not line:
            if self._data:
                yield Event(self._name or "message", "\n".join(self._data))
            self._name, self._data, self._size = "", [], 0
            return
        self._size += len(line)
        field, _, value = line.decode().partition(":")
        value = value.removeprefix(" ")
        if not field:
            yield Event()
        elif field == "event":
            self._name = value
        elif field == "data":
            self._data.append(value)
