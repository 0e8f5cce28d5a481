"""What sources are opened with, by what a person asked for."""

from __future__ import annotations

from collections.abc import Mapping

from iter8_gitops.contracts.source import SourceRequest
from iter8_gitops.runtime.configuration import Configuration
from iter8_gitops.runtime.settings import ControllerSettings

ROUTEMAPS = "routemaps"
"""The name of the source at PATH|URL."""


def source_request(settings: ControllerSettings, location: str) -> SourceRequest:
    """What the source at PATH|URL is opened with."""
    return SourceRequest(
        location,
        name=ROUTEMAPS,
        cache=settings.state.git,
        revision=settings.branch,
        subpath=settings.subpath,
        interval=settings.interval,
        read_before=settings.state.board.exists(),
        credentials=settings.credentials,
        verification=settings.verification,
        nudges=settings.state.nudges,
    )


def source_requests(settings: ControllerSettings, configuration: Configuration) -> Mapping[str, SourceRequest]:
    """All sources by name. Raises `ConfigurationError` when the password of one is not there."""
    requests = {each.name: each.request(settings.state) for each in configuration.sources}
    if settings.location is not None:
        requests[ROUTEMAPS] = source_request(settings, settings.location)
    return requests
