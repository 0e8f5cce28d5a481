"""Spans of time within which statistics may be pooled.

An epoch is a span with the same assignment of users to the same contents. An experiment is a span with the same
contents: all its epochs compare the same things, and what came before says nothing of them.
"""

from __future__ import annotations

from dataclasses import replace

from iter8_gitops.spec.metric import EpochWeights
from iter8_gitops.spec.snapshot import RoutemapState

MAX_EPOCHS = 200
"""Epochs of an experiment whose weights are remembered; of a routemap that flaps, the oldest are forgotten."""


def with_epochs(state: RoutemapState, previous: RoutemapState | None, now: float) -> RoutemapState:
    """`state` with its epoch, always ascending, its experiment, and the epochs of that."""
    if previous is not None and _assignment(previous) == _assignment(state) and _same_contents(previous, state):
        return replace(state, epoch=previous.epoch, experiment=previous.experiment, epochs=previous.epochs)
    epoch = int(now) if previous is None else max(int(now), previous.epoch + 1)
    goes_on = previous is not None and _same_contents(previous, state)
    experiment = previous.experiment if previous is not None and goes_on else epoch
    before = previous.epochs if previous is not None and goes_on else ()
    epochs = (*before, EpochWeights(epoch, state.weights))[-MAX_EPOCHS:]
    return replace(state, epoch=epoch, experiment=experiment, epochs=epochs)


def _assignment(state: RoutemapState) -> tuple[object, ...]:
    return state.weights, state.salt, state.targeting


def _same_contents(before: RoutemapState, after: RoutemapState) -> bool:
    """Whether every version has the content that it had, also where that cannot be seen for now."""
    contents = [
        [version.signature or version.former_signature for version in state.versions] for state in (before, after)
    ]
    return contents[0] == contents[1]
