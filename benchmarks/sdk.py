"""Lookups of the client library on local state, against the GrowthBook SDK on the same experiment, in turn.

Both hash the same users over the same two versions, 90 to 10, with all state in memory and no network. GrowthBook gets
one instance whose attributes are set anew for each user, which is the quickest way to use it. Its users keep their
version when weights change only with sticky buckets, so these are measured, too. Ours also records who was given what,
and remembers it: the first time for a user costs more. Time is that of the processor, so that what else runs on the
machine counts less.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from growthbook import Experiment, GrowthBook, InMemoryStickyBucketService

from benchmarks.measurement import Measurement, cpu_seconds
from iter8_gitops.sdk import Client
from iter8_gitops.sdk.files import save_snapshot
from iter8_gitops.spec.routemap import Origin, Rule, Targeting
from iter8_gitops.spec.snapshot import RoutemapState, Snapshot, SourceStatus, VersionState

ROUNDS, USERS, PEER_USERS = 7, 50_000, 2_000
WEIGHTS = (90, 10)


def board() -> Snapshot:
    """shop/checkout, split 90 to 10, and shop/targeted, where rules ask for more than the user."""
    versions = tuple(
        VersionState(index, f"v{index}", weight, weight, True, True, f"signature{index}", "", "", ())
        for index, weight in enumerate(WEIGHTS)
    )
    state = RoutemapState("shop", "checkout", Origin("git", "", ""), versions)
    # Where rules ask for more than the user, nothing can be remembered.
    rules = Targeting(rules=(Rule("staff", (("group", ("staff",)),), 1),))
    targeted = replace(state, name="targeted", targeting=rules)
    states = {each.application: each for each in (state, targeted)}
    return Snapshot(1, None, (SourceStatus("git", "/routemaps", read_at=1.0),), states, "bench")


def silent_client(board: Path) -> Client:
    """A client on a board in a file, which records what it gives, and sends nothing while it is measured."""
    return Client(
        f"file:{board}", report_to="http://127.0.0.1:1", flush_seconds=3600, capacity=10_000_000, exit_seconds=0.1
    )


def _ours(client: Client, users: list[str], application: str = "shop/checkout") -> None:
    lookup = client.lookup
    for user in users:
        lookup(application, user)


def _theirs(peer: GrowthBook, users: list[str]) -> None:
    for user in users:
        peer.set_attributes({"id": user})
        peer.eval_feature("checkout")


def _theirs_inline(peer: GrowthBook, experiment: Experiment[int], users: list[str]) -> None:
    for user in users:
        peer.set_attributes({"id": user})
        peer.run(experiment)


def _rate(work: Callable[[], object], count: int) -> float:
    return count / cpu_seconds(work)


def measure() -> list[Measurement]:
    users = [f"user-{number}" for number in range(USERS)]
    few = users[:PEER_USERS]
    shares = [weight / sum(WEIGHTS) for weight in WEIGHTS]
    rule = {"key": "shop/checkout", "variations": [0, 1], "weights": shares, "coverage": 1.0, "hashAttribute": "id"}
    experiment = Experiment(key="shop/checkout", variations=[0, 1], weights=shares)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "board.json"
        save_snapshot(path, board())
        client = silent_client(path)
        peer = GrowthBook(attributes={"id": ""}, features={"checkout": {"defaultValue": 0, "rules": [rule]}})
        sticky = GrowthBook(
            attributes={"id": ""},
            features={"checkout": {"defaultValue": 0, "rules": [rule]}},
            sticky_bucket_service=InMemoryStickyBucketService(),
        )
        first = _rate(lambda: _ours(client, users), USERS)
        _ours(client, users, "shop/targeted")
        rounds = [
            (
                _rate(lambda: _ours(client, users), USERS),
                _rate(lambda: _theirs(peer, few), PEER_USERS),
                _rate(lambda: _theirs_inline(peer, experiment, few), PEER_USERS),
                _rate(lambda: _theirs(sticky, few), PEER_USERS),
                _rate(lambda: _ours(client, users, "shop/targeted"), USERS),
            )
            for _ in range(ROUNDS)
        ]
        client.close(0.1)
        peer.destroy()
        sticky.destroy()
    ours, features, inline, bucketed, hashed = (statistics.median(rates) for rates in zip(*rounds, strict=True))
    ratio = statistics.median(one / max(feature, run) for one, feature, run, _, _ in rounds)
    return [
        Measurement("client library, lookups on local state, users asked for before", f"{ours:,.0f}/s", ">= 500,000/s"),
        Measurement("client library, users hashed each time, because rules may decide", f"{hashed:,.0f}/s"),
        Measurement("client library, every user new, and recorded", f"{first:,.0f}/s"),
        Measurement("GrowthBook, features", f"{features:,.0f}/s"),
        Measurement("GrowthBook, inline experiments", f"{inline:,.0f}/s"),
        Measurement("GrowthBook, features with sticky buckets", f"{bucketed:,.0f}/s"),
        Measurement("client library against the fastest of these", f"{ratio:.1f}", ">= 20"),
    ]
