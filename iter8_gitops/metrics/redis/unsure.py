"""Batches of which it is not known whether they were stored."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from secrets import token_hex

import msgspec

from iter8_gitops.metrics.redis.batches import Batch

_MOST = 10_000


class UnsureBatches:
    """Gives a batch that is tried again the identifier that it had, so that it is not stored twice.

    A batch is known by what is in it. An equal one that others send meanwhile takes the identifier as well; then as
    many are stored as were acknowledged. Identifiers are given again for `seconds`, which must be less than the
    server remembers them. Only operations that are atomic are used, so no lock can be left held by a fork.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._known: dict[bytes, tuple[str, float]] = {}

    def identifier(self, batches: Sequence[Batch]) -> str:
        """That of an equal batch that failed before, or a new one."""
        if self._known:
            identifier, until = self._known.pop(_digest(batches), ("", 0.0))
            if time.monotonic() < until:
                return identifier
        return token_hex(8)

    def remember(self, batches: Sequence[Batch], identifier: str) -> None:
        """These may be stored or not."""
        if len(self._known) >= _MOST:
            self._known.pop(next(iter(self._known), b""), None)
        self._known[_digest(batches)] = (identifier, time.monotonic() + self._seconds)


def _digest(batches: Sequence[Batch]) -> bytes:
    return hashlib.blake2b(msgspec.msgpack.encode([batch.content() for batch in batches]), digest_size=16).digest()
