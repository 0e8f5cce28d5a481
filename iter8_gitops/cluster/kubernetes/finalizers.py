"""Whether a resource must wait for us before it goes: who gets our finalizer, and when it is taken off. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from iter8_gitops.cluster.kubernetes.drain import Departure
from iter8_gitops.cluster.kubernetes.ownership import has_finalizer, is_terminating, is_watched
from iter8_gitops.kube.client import JsonObject


@dataclass(frozen=True, slots=True)
class Step:
    """What to do with our finalizer on an object, and why; `look_again` is when something else may be right."""

    action: Literal["nothing", "add", "remove"]
    look_again: float | None = None
    drained: bool = True


_NOTHING = Step("nothing")


def next_step(
    live: JsonObject,
    departure: Departure | None,
    *,
    finalizer: str,
    enabled: bool,
    everybody_known: bool,
    now: float,
) -> Step:
    """What to do now with a live object. `finalizer` is ours.

    `departure` says when it may go; None when no routemap names it. Without `everybody_known`, routemaps that name
    it may not have been read yet. `enabled` says whether finalizers are wanted at all.
    """
    if not has_finalizer(live, finalizer):
        wanted = enabled and departure is not None and is_watched(live) and not is_terminating(live)
        return Step("add") if wanted else _NOTHING
    if not enabled or not is_watched(live):
        return Step("remove")
    if departure is None:
        return Step("remove") if everybody_known else _NOTHING
    if not is_terminating(live) or departure.at == float("inf"):
        return _NOTHING
    if departure.at <= now:
        return Step("remove", drained=departure.complete)
    return Step("nothing", look_again=departure.at)


def with_finalizer(live: JsonObject, finalizer: str) -> JsonObject:
    """The patch that adds our finalizer, if the object is still as in `live`."""
    return _patch(live, [*_finalizers(live), finalizer])


def without_finalizer(live: JsonObject, finalizer: str) -> JsonObject:
    """The patch that removes our finalizer, if the object is still as in `live`."""
    return _patch(live, [each for each in _finalizers(live) if each != finalizer])


def _finalizers(live: JsonObject) -> list[str]:
    return list(live["metadata"].get("finalizers") or ())


def _patch(live: JsonObject, finalizers: list[str]) -> JsonObject:
    return {"metadata": {"finalizers": finalizers, "resourceVersion": live["metadata"]["resourceVersion"]}}
