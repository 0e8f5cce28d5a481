"""Storing batches: one call of a script per application, sent again with the same identifier when one is lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from redis import RedisCluster
from redis.exceptions import NoScriptError, RedisError

from iter8_gitops.errors import UnavailableError
from iter8_gitops.metrics.redis.batches import Batch
from iter8_gitops.metrics.redis.calls import Call, Rules, call
from iter8_gitops.metrics.redis.clients import Client
from iter8_gitops.metrics.redis.keys import Content, Keys
from iter8_gitops.metrics.redis.options import RedisOptions
from iter8_gitops.metrics.redis.scripts import record_script

_ROUNDS = 10
"""How often users may turn out to be elsewhere, moved by others in the meantime."""
_LEARNED = 8
"""Contents per application that are declared beyond those of a batch: where its users were found before."""
_APPLICATIONS = 4096


class Recorder:
    """Sends batches. Any thread may use it, with a client of its own process."""

    def __init__(self, options: RedisOptions, rules: Rules, clock: Callable[[], float]) -> None:
        self._options = options
        # What is waited for must be known to have arrived.
        self._rules = replace(rules, mark_all=True) if options.wait else rules
        self._clock = clock
        self._learned: dict[str, tuple[Content, ...]] = {}

    def store(self, client: Client, batches: Sequence[Batch], identifier: str) -> None:
        """Store all of it, each application's batch once for an `identifier`; then wait for replicas, if asked to.

        Raises `UnavailableError` and the errors of `redis`; then the batches of some applications may be stored.
        """
        waiting = list(batches)
        more = {batch.application: self._learned.get(batch.application, ()) for batch in batches}
        for _ in range(_ROUNDS):
            calls = [self._call(batch, identifier, more[batch.application]) for batch in waiting]
            undeclared = _undeclared(waiting, _run(client, calls))
            if not undeclared:
                break
            waiting = [batch for batch in waiting if batch.application in undeclared]
            for application, contents in undeclared.items():
                more[application] = (*contents, *more[application])
        else:
            message = f"the metric store {self._options}: others keep moving the users of this batch; try again"
            raise UnavailableError(message)
        self._learn(more)
        if self._options.wait:
            for batch in batches:
                self._confirm(client, Keys(self._options.prefix, batch.application).batch(identifier))

    def _call(self, batch: Batch, identifier: str, more: Sequence[Content]) -> Call:
        keys = Keys(self._options.prefix, batch.application)
        return call(batch, keys, identifier, self._rules, self._clock(), more)

    def _learn(self, more: Mapping[str, tuple[Content, ...]]) -> None:
        if len(self._learned) > _APPLICATIONS:
            self._learned.clear()
        for application, contents in more.items():
            self._learned[application] = contents[:_LEARNED]

    def _confirm(self, client: Client, marker: str) -> None:
        """Wait until enough replicas have the marker, and so all that was written before it.

        A WAIT counts what its own connection has written; hence the write beside it.
        """
        options = self._options
        node = _node_of(client, marker)
        with node.pipeline(transaction=False) as pipe:
            pipe.pexpire(marker, round(self._rules.remembered * 1000))
            pipe.execute_command("WAIT", options.wait, round(options.wait_timeout * 1000))
            known, confirmed = pipe.execute()
        if not known:
            message = (
                f"the metric store {options}: the batch was stored, but it is gone: was there a failover? Try again"
            )
            raise UnavailableError(message)
        if confirmed < options.wait:
            message = (
                f"the metric store {options}: stored, but only {confirmed} of {options.wait} replicas have confirmed "
                f"that within {options.wait_timeout:g} s; see to the replicas and try again"
            )
            raise UnavailableError(message)


def _undeclared(batches: Sequence[Batch], answers: Sequence[Sequence[bytes]]) -> Mapping[str, tuple[Content, ...]]:
    """Application -> contents that its script has to be told of first."""
    return {
        batch.application: tuple(Content(name.decode()) for name in answer[1:])
        for batch, answer in zip(batches, answers, strict=True)
        if answer[0] == b"undeclared"
    }


def _run(client: Client, calls: Sequence[Call]) -> Sequence[Sequence[bytes]]:
    """The answers of the script. On a single server several calls are one transaction."""
    script = record_script()
    try:
        return _run_all(client, calls, "EVALSHA", script.digest)
    except NoScriptError:
        return _run_all(client, calls, "EVAL", script.text)


def _run_all(client: Any, calls: Sequence[Call], command: str, script: str) -> Sequence[Sequence[bytes]]:
    commands = [(command, script, len(one.keys), *one.keys, *one.arguments) for one in calls]
    if len(commands) == 1 or isinstance(client, RedisCluster):
        return [client.execute_command(*command) for command in commands]
    with client.pipeline(transaction=True) as pipe:
        for one in commands:
            pipe.execute_command(*one)
        answers: list[Any] = pipe.execute(raise_on_error=False)
    errors = [answer for answer in answers if isinstance(answer, RedisError)]
    for error in sorted(errors, key=lambda error: not isinstance(error, NoScriptError)):
        raise error
    return answers


def _node_of(client: Any, key: str) -> Any:
    """The client of the one server that has `key`."""
    if not isinstance(client, RedisCluster):
        return client
    cluster: Any = client
    return cluster.get_redis_connection(cluster.get_node_from_key(key))
