"""Somebody who asks for the versions of some users without a pause, and notes every answer that is wrong."""

from __future__ import annotations

import threading
import time
from typing import Self

import httpx

from iter8_gitops.core.assignment import Assigner
from tests.e2e.system import System, eventually

USERS = tuple(f"user-{number}" for number in range(20))
_BREATH = 0.01
"""Seconds between two rounds: the control plane needs the machine, too."""


class Watcher:
    """Looks up all `USERS` of an application, again and again, in a thread of its own; a context manager.

    It is told which weights are in force, and before each change which come next. An answer is right when it follows
    from the weights in force or from those of a change that was announced; and a user who was answered from newer
    weights is never again answered from older ones. No answer, an error, or anything else is wrong, and leaving the
    context fails with what was. `rounds` counts the rounds, `stale` the answers that said that they may be out of
    date.
    """

    def __init__(self, system: System, application: str, *weights: int) -> None:
        self.application = application
        self.rounds = 0
        self.answers = 0
        self.stale = 0
        self.wrong: list[str] = []
        self._http = httpx.Client(base_url=system.url, timeout=5, trust_env=False)
        self._lock = threading.Lock()
        self._phases: list[dict[str, int]] = []
        self._at = dict.fromkeys(USERS, 0)
        self._last: dict[str, int] = {}
        self._fresh = False
        self._expect(weights)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"watcher {application}")

    def __enter__(self) -> Self:
        self._await_application()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._http.close()
        assert not self.wrong, f"{len(self.wrong)} of {self.answers} answers were wrong: {self.wrong[:10]}"
        assert self.rounds > 0, "nothing was asked"

    def changes_to(self, *weights: int) -> None:
        """These weights come next; until `await_settled`, answers from those before are right, too."""
        self._expect(weights)

    @property
    def settled(self) -> bool:
        """Whether the last round was answered from the newest weights, and not as stale."""
        with self._lock:
            return self._fresh and self._last == self._phases[-1]

    def await_settled(self, seconds: float = 60.0) -> None:
        """Wait until all is answered from the newest weights; from then on, nothing else is right."""
        self.next_round()
        eventually(lambda: self.settled, f"{self.application}: answers from the newest weights", seconds)
        with self._lock:
            self._at = dict.fromkeys(USERS, len(self._phases) - 1)

    def next_round(self) -> None:
        """Wait until a round that begins now is over."""
        wanted = self.rounds + 2
        eventually(lambda: self.rounds >= wanted, "another round of lookups")

    def _expect(self, weights: tuple[int, ...]) -> None:
        assign = Assigner.of(self.application, "", weights)
        with self._lock:
            self._phases.append({user: assign.version_of(user) for user in USERS})
            self._last = {}

    def _await_application(self) -> None:
        """Wait until the worker at this connection knows the application: another one told that it is there."""
        eventually(lambda: self._ask_for(USERS[0]).is_success, f"an answer for {self.application}")

    def _ask_for(self, user: str) -> httpx.Response:
        return self._http.get("/v1/lookup", params={"application": self.application, "user": user})

    def _run(self) -> None:
        while not self._stop.wait(_BREATH):
            self._ask_for_all()

    def _ask_for_all(self) -> None:
        fresh = True
        seen: dict[str, int] = {}
        with self._lock:
            phases = len(self._phases)
        for user in USERS:
            with self._lock:
                at = self._at[user]
            began = time.monotonic()
            try:
                response = self._ask_for(user)
                response.raise_for_status()
                answer = response.json()
            except httpx.HTTPError as error:
                self.wrong.append(f"{user}: {error!r} after {time.monotonic() - began:.1f} s")
                continue
            self.answers += 1
            self.stale += bool(answer["stale"])
            fresh = fresh and not answer["stale"]
            seen[user] = answer["versionNumber"]
            self._judge(user, seen[user], at)
        with self._lock:
            if phases == len(self._phases):
                self._last, self._fresh = seen, fresh
        self.rounds += 1

    def _judge(self, user: str, version: int, at: int) -> None:
        with self._lock:
            for index in range(at, len(self._phases)):
                if self._phases[index][user] == version:
                    self._at[user] = max(index, self._at[user])
                    return
            right = [phase[user] for phase in self._phases[at:]]
        self.wrong.append(f"{user}: version {version}, right would be {right}")
