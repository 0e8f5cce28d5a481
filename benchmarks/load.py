"""Servers in processes of their own, and clients that ask again as soon as they are answered."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import uvloop

START_SECONDS, WARM_SECONDS, SECONDS = 60.0, 0.3, 1.0
_TICKS = os.sysconf("SC_CLK_TCK")


class Client(Protocol):
    """One connection. `answered` counts its answers, which it must check."""

    answered: int

    def protocol(self) -> asyncio.Protocol:
        """What the event loop drives."""


@dataclass(frozen=True, slots=True)
class Target:
    """A server at `port`, the process in which it answers, and what makes clients for it."""

    port: int
    pid: int
    client: Callable[[int], Client]


@dataclass(frozen=True, slots=True)
class Rate:
    """Answers per second, and seconds of CPU time that the server's process took for one of them."""

    per_second: float
    cpu_seconds: float


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def server(*command: str, port: int) -> Iterator[int]:
    """`python -m COMMAND`, once it listens. Gives its process id."""
    process = subprocess.Popen([sys.executable, "-m", *command], stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                break
            time.sleep(0.1)
        time.sleep(1)
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def only_child(pid: int) -> int:
    """The process id of the only worker of a server."""
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(child)


def compare(targets: Mapping[str, Target], rounds: int, connections: int) -> dict[str, list[Rate]]:
    """The rates of servers that are asked in turn, `rounds` times: what else the machine does concerns all alike."""
    found: dict[str, list[Rate]] = {name: [] for name in targets}
    for number in range(rounds):
        turns = list(targets.items())
        for name, target in turns if number % 2 else reversed(turns):
            found[name].append(uvloop.run(_rate(target, connections)))
    return found


def ratio(ours: Sequence[Rate], theirs: Sequence[Rate]) -> float:
    """The median over the rounds of our rate by theirs."""
    return statistics.median(one.per_second / other.per_second for one, other in zip(ours, theirs, strict=True))


def cpu_ratio(ours: Sequence[Rate], theirs: Sequence[Rate]) -> float:
    """The median over the rounds of their CPU time by ours: what `ratio` is where CPU time is all that counts."""
    return statistics.median(other.cpu_seconds / one.cpu_seconds for one, other in zip(ours, theirs, strict=True))


def per_second(rates: Sequence[Rate]) -> float:
    return statistics.median(rate.per_second for rate in rates)


async def _rate(target: Target, connections: int) -> Rate:
    loop = asyncio.get_running_loop()
    clients = [target.client(number) for number in range(connections)]
    opened = [await loop.create_connection(client.protocol, "127.0.0.1", target.port) for client in clients]
    async with asyncio.timeout(START_SECONDS):
        while not all(client.answered for client in clients):
            await asyncio.sleep(WARM_SECONDS)
    began, before, burnt = time.perf_counter(), sum(client.answered for client in clients), _cpu_seconds(target.pid)
    await asyncio.sleep(SECONDS)
    answers = sum(client.answered for client in clients) - before
    assert answers, "the server does not answer"
    took, burnt = time.perf_counter() - began, _cpu_seconds(target.pid) - burnt
    for transport, _ in opened:
        transport.abort()
    return Rate(answers / took, burnt / answers)


def _cpu_seconds(pid: int) -> float:
    """User and system time of a process, of all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
