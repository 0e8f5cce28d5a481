"""Experiments replayed through the HTTP API of a running system, which is looked at after every batch of users.

Users get their version by `POST /v1/lookup`, their values go to `POST /v1/metrics`, and the verdict is that of
`GET /v1/routemaps/{namespace}/{name}/analysis`. Weights change as people change them: in the files of a tree. What
users do follows from seeds, and assignment from names, so the same streams always give the same verdicts, as long as
one worker answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import httpx

from benchmarks.aa_simulation import Scenario, Stage, raised
from tests.e2e.system import System, eventually

NAMESPACE = "streams"
AT_ONCE = 10_000
"""Lookups, or values, in one request."""
FLAT_PRIOR = 0.95
_LIVE = f"""\
apiVersion: v1
kind: ConfigMap
metadata: {{name: live, namespace: {NAMESPACE}, labels: {{iter8.tools/watch: "true"}}}}
data: {{}}
"""


class Stream:
    """One experiment: what its users do, and what was ever said of it.

    `verdicts` are the names of all verdicts that were told, `flat_prior` whether the "chance to beat" was ever so
    far from a half that somebody who trusts it would have called one version better.
    """

    def __init__(self, scenario: Scenario, number: int) -> None:
        self.scenario = scenario
        self.name = f"{'-'.join(scenario.name.replace(',', '').replace('/', '-').split())}-{number}"
        self.application = f"{NAMESPACE}/{self.name}"
        self.verdicts: set[str] = set()
        self.flat_prior = False
        self._rng = Random(self.application)
        self._comes_again = any(stage.returning for stage in scenario.stages)
        self._known: dict[str, tuple[float, float]] = {}

    @property
    def metric(self) -> str:
        """What is measured, as scenarios call it."""
        return self.scenario.name.partition(",")[0]

    @property
    def differs(self) -> bool:
        """Whether a version was ever called better, or worse, than the other."""
        return bool(self.verdicts & {"winner", "loser"})

    def routemap(self, stage: Stage) -> str:
        """The document, with the weights of a stage."""
        kind = "ratio, denominator: views" if self.scenario.kind == "ratio" else self.scenario.kind
        versions = "".join(
            f"    - {{weight: {weight}, resources: [{{gvrShort: cm, name: live}}]}}\n" for weight in weights(stage)
        )
        return (
            f"apiVersion: iter8.tools/v1\nkind: Routemap\nmetadata: {{name: {self.name}, namespace: {NAMESPACE}}}\n"
            f"spec:\n  metrics: [{{name: value, type: {kind}}}]\n  versions:\n{versions}"
        )

    def values(self, user: str, version: int, level: float) -> Iterator[dict[str, Any]]:
        """What a user of a version does; nothing is written where that is 0. Users who come again do the same again."""
        x, m = self._known.get(user) or self.scenario.draw(self._rng, level)
        if self._comes_again:
            self._known[user] = x, m
        if version and self.scenario.effect:
            x = raised(self._rng, self.scenario, x)
        if x:
            yield {"application": self.application, "user": user, "name": "value", "value": x}
        if self.scenario.kind == "ratio":
            yield {"application": self.application, "user": user, "name": "views", "value": m}

    def note(self, analysis: dict[str, Any]) -> None:
        """Remember what a look told."""
        self.verdicts.add(analysis["verdict"]["name"])
        comparison = analysis["metrics"][0]["versions"][1]["comparison"]
        chance = comparison and comparison["chanceToBeat"]
        self.flat_prior |= chance is not None and max(chance, 1.0 - chance) > FLAT_PRIOR


def weights(stage: Stage) -> tuple[int, int]:
    """Of the primary and the candidate, per thousand."""
    share = round(stage.share * 1000)
    return 1000 - share, share


class Replay:
    """Plays streams on a system that follows `folder`."""

    def __init__(self, system: System, folder: Path) -> None:
        self._folder = folder
        self._http = httpx.Client(base_url=system.url, timeout=60)
        (folder / "live.yaml").write_text(_LIVE)

    def close(self) -> None:
        self._http.close()

    def play(self, streams: Sequence[Stream], look_every: int) -> None:
        """All `streams`, whose scenarios have the same stages, in step; a look at each after so many users."""
        rng = Random(len(streams))
        known: list[str] = []
        for place, stage in enumerate(streams[0].scenario.stages):
            self._declare(streams, stage)
            back = rng.sample(known, min(round(stage.users * stage.returning), len(known)))
            users = back + [f"user-{place}-{number}" for number in range(stage.users - len(back))]
            known += users[len(back) :]
            for start in range(0, stage.users, look_every):
                self._come(streams, users[start : start + look_every], stage.level)
                for stream in streams:
                    stream.note(self._asked("GET", f"/v1/routemaps/{stream.application}/analysis"))

    def _declare(self, streams: Sequence[Stream], stage: Stage) -> None:
        for stream in streams:
            (self._folder / f"{stream.name}.yaml").write_text(stream.routemap(stage))
        wanted = {stream.application: weights(stage) for stream in streams}

        def published() -> bool:
            told = self._asked("GET", "/v1/routemaps")["routemaps"]
            found = {each["application"]: tuple(v["weight"] for v in each["versions"]) for each in told}
            return wanted.items() <= found.items()

        eventually(lambda: published() or None, f"weights {weights(stage)} of {len(streams)} routemaps", 60)

    def _come(self, streams: Sequence[Stream], users: Sequence[str], level: float) -> None:
        values: list[dict[str, Any]] = []
        together = max(AT_ONCE // len(users), 1)
        for start in range(0, len(streams), together):
            some = streams[start : start + together]
            asked = {"applications": [stream.application for stream in some], "users": users}
            given = iter(self._asked("POST", "/v1/lookup", asked)["answers"])
            for stream in some:
                for user, answer in zip(users, islice(given, len(users)), strict=True):
                    values += stream.values(user, answer["versionNumber"], level)
        for start in range(0, len(values), AT_ONCE):
            part = values[start : start + AT_ONCE]
            assert self._asked("POST", "/v1/metrics", part) == {"accepted": len(part)}

    def _asked(self, method: str, path: str, body: object = None) -> Any:
        answer = self._http.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json()
