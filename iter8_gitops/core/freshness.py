"""Is what the board shows still true? Each answer is a sentence for people, or "" when all is fresh.

The last published state is served however old it is; these sentences only make its age visible.
"""

from __future__ import annotations

from datetime import UTC, datetime

from iter8_gitops.spec.snapshot import RoutemapState, Snapshot, SourceStatus

CONTROLLER_TIMEOUT = 10.0
"""Seconds of silence after which the controller, which beats every couple of seconds, is taken for gone."""


def has_state(snapshot: Snapshot) -> bool:
    """Whether there is something to answer from. False until the sources have been read for a first time ever.

    Once the cluster was seen, a source that was never read holds up only what is to come from it, and not the
    routemaps of the others.
    """
    never = [source for source in snapshot.sources if source.read_at is None]
    if not never:
        return snapshot.sequence > 0
    return bool(snapshot.routemaps) and not any(source.resources for source in never)


def awaited(snapshot: Snapshot) -> str:
    """What a snapshot without state waits for; "" when it has one."""
    if has_state(snapshot):
        return ""
    waiting = "nothing has been published yet: the controller has not read its sources for a first time"
    return "; ".join([waiting, *filter(None, map(_failure, snapshot.sources))])


def unread(snapshot: Snapshot) -> str:
    """Which sources were never read, so that more applications may exist than `snapshot` shows; "" when all were."""
    never = (source for source in snapshot.sources if source.read_at is None)
    return "; ".join(_failure(source) or _pending(source) for source in never)


def staleness(snapshot: Snapshot, now: float, controller_timeout: float = CONTROLLER_TIMEOUT) -> str:
    """Why some of `snapshot` may be out of date at `now` (seconds since 1970)."""
    if not has_state(snapshot):
        return awaited(snapshot)
    pending = (_failure(each) or _pending(each) for each in snapshot.sources)
    reasons = [_silence(snapshot, now, controller_timeout), *pending]
    return "; ".join(reason for reason in reasons if reason)


def routemap_staleness(
    snapshot: Snapshot, state: RoutemapState, now: float, controller_timeout: float = CONTROLLER_TIMEOUT
) -> str:
    """Why `state` may be out of date at `now`: the controller is silent, or a source that it depends on fails."""
    own = [_failure(each) for each in snapshot.sources if each.resources or each.name == state.origin.source]
    reasons = [_silence(snapshot, now, controller_timeout), *own]
    return "; ".join(reason for reason in reasons if reason)


def _silence(snapshot: Snapshot, now: float, controller_timeout: float) -> str:
    if snapshot.controller_at is None:
        return "the controller has never been heard of"
    seconds = now - snapshot.controller_at
    return f"the controller has not been heard of for {seconds:.0f} s" if seconds > controller_timeout else ""


def _failure(source: SourceStatus) -> str:
    if source.failing_since is None:
        return ""
    since = datetime.fromtimestamp(source.failing_since, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"source {source.location} has failed since {since}: {source.message}"


def _pending(source: SourceStatus) -> str:
    return f"source {source.location} has not been read yet" if source.read_at is None else ""
