"""The present state that a tree is compared with: on a server, on a board of this machine, or nothing."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from iter8_gitops.cli.client import get_json
from iter8_gitops.core.freshness import awaited, staleness
from iter8_gitops.core.targeting_changes import Outline
from iter8_gitops.errors import NotFoundError, UnavailableError
from iter8_gitops.runtime.foresight.published import outline_of, state_of
from iter8_gitops.spec.snapshot import RoutemapState
from iter8_gitops.spec.state_folder import StateFolder

NO_SERVER = "none"
_REQUESTS = 8


@dataclass(frozen=True, slots=True)
class Present:
    """The published states by application, where they are from, and why they may be out of date ("" when not).

    `shown` is what is known of targeting where the states do not have all of it.
    """

    place: str = "nothing"
    states: Mapping[str, RoutemapState] = field(default_factory=dict)
    stale: str = ""
    shown: Mapping[str, Outline] = field(default_factory=dict)


def on_board(state: StateFolder) -> Present:
    """What the board in a state directory holds. Raises `UnavailableError` when it holds nothing yet."""
    from iter8_gitops.board.reader import BoardReader

    reader = BoardReader(state.board)
    try:
        reader.refresh()
    finally:
        reader.close()
    waiting = reader.trouble or awaited(reader.snapshot)
    if waiting:
        raise UnavailableError(waiting)
    return Present(f"the board {state.board}", reader.snapshot.routemaps, staleness(reader.snapshot, time.time()))


def on_server(server: str) -> Present:
    """What a server shows. Raises the errors of `get_json`, and `UnavailableError` for an answer of another kind."""
    overview = get_json(server, "/v1/routemaps")
    try:
        names = [str(routemap["application"]) for routemap in overview["routemaps"]]
        stale = str(overview["staleReason"])
    except (KeyError, TypeError) as error:
        message = f"{server} does not answer as iter8-gitops does"
        raise UnavailableError(message) from error
    with ThreadPoolExecutor(_REQUESTS) as pool:
        views = [view for view in pool.map(lambda name: _view(server, name), names) if view is not None]
    states = {state.application: state for state in map(state_of, views)}
    return Present(server, states, stale, dict(zip(states, map(outline_of, views), strict=True)))


def _view(server: str, application: str) -> Mapping[str, Any] | None:
    """One routemap in full; None when it has gone meanwhile."""
    namespace, _, name = application.partition("/")
    try:
        view: Mapping[str, Any] = get_json(server, f"/v1/routemaps/{quote(namespace, safe='')}/{quote(name, safe='')}")
    except NotFoundError:
        return None
    return view
