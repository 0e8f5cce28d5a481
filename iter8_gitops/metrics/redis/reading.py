"""Reading several keys of an application at one moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from redis.exceptions import OutOfMemoryError

from iter8_gitops.metrics.redis.clients import Client

Command: TypeAlias = tuple[str | int, ...]
"""A command and its arguments."""

Fields: TypeAlias = Mapping[bytes, bytes]
"""A hash."""


def answers(client: Client, commands: Sequence[Command]) -> Sequence[Any]:
    """What the server answers to `commands`, all of which read, in one transaction.

    A server without memory takes no transaction. It takes no writes either, so nothing changes between the reads.
    """
    if not commands:
        return ()
    try:
        return _answers(client, commands, transaction=True)
    except OutOfMemoryError:
        return _answers(client, commands, transaction=False)


def fields_of(answer: Any) -> Fields:
    """A hash; the client gives fields and values in turn where it is a transaction of a cluster."""
    return answer if isinstance(answer, dict) else dict(zip(answer[::2], answer[1::2], strict=True))


def _answers(client: Any, commands: Sequence[Command], *, transaction: bool) -> Sequence[Any]:
    with client.pipeline(transaction=transaction) as pipe:
        for command in commands:
            pipe.execute_command(*command)
        found: Sequence[Any] = pipe.execute()
        return found
