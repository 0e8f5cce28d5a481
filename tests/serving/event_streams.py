"""Listening to streams of server-sent events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx


class Events:
    """The events of one stream, as they come."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.id = ""

    def next(self) -> tuple[str, dict[str, Any]]:
        """Name and data of the next event; comments are ("comment", {}). `id` is that of the last event."""
        fields: dict[str, str] = {}
        for line in self._lines:
            if not line:
                break
            key, _, value = line.partition(":")
            fields[key or "comment"] = value.strip()
        if not fields:
            raise EOFError
        self.id = fields.get("id", self.id)
        if "comment" in fields:
            return "comment", {}
        return fields["event"], json.loads(fields["data"])

    def until(self, name: str) -> dict[str, Any]:
        while (event := self.next())[0] != name:
            pass
        return event[1]


@contextmanager
def stream(url: str, **headers: str) -> Iterator[Events]:
    with httpx.stream("GET", url, timeout=10, headers=headers) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        yield Events(response.iter_lines())
