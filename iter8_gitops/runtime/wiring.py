"""The composition root of the controller: from what a person asked for to parts that work together."""

from __future__ import annotations

import logging
import signal
import threading
from dataclasses import dataclass
from pathlib import Path

from iter8_gitops.board.publisher import BoardPublisher
from iter8_gitops.cluster.manifests import ManifestsCluster
from iter8_gitops.errors import ConfigurationError
from iter8_gitops.hooks.manager import Plugins
from iter8_gitops.runtime.controller import Controller, Parts
from iter8_gitops.runtime.feeds import Feed
from iter8_gitops.runtime.inspection import tools
from iter8_gitops.runtime.intake import Intake
from iter8_gitops.runtime.last_good import LastGood
from iter8_gitops.sources.directory import DirectorySource
from iter8_gitops.sources.locations import open_source
from iter8_gitops.spec.kinds import KindTable
from iter8_gitops.spec.state_folder import StateFolder

_log = logging.getLogger(__name__)
ROUTEMAPS = "routemaps"
CLUSTER = "cluster"
"""The names of the two sources that there can be."""


@dataclass(frozen=True, slots=True)
class ControllerSettings:
    """What a person asked a controller to do. `interval` is in seconds (None: as `open_source`); see the CLI."""

    location: str
    state: StateFolder
    branch: str | None = None
    subpath: str = ""
    interval: float | None = None
    namespace: str | None = None
    cluster: str = "manifests"
    routes: Path | None = None


def run_controller(settings: ControllerSettings) -> None:
    """Run a controller until SIGINT or SIGTERM. Raises `ConfigurationError` when it cannot be set up."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    parts = controller_parts(settings)
    try:
        Controller(parts).run(stop)
    finally:
        parts.last_good.close()
        parts.board.close()


def controller_parts(settings: ControllerSettings) -> Parts:
    """Put together what `settings` ask for."""
    feeds = feeds_of(settings)
    plugins = Plugins.load()
    for feed in feeds:
        _log.info("source %s: %s", feed.source.name, feed.source.location)
    for loaded in plugins.loaded:
        _log.debug("plugin %s of %s", loaded.name, loaded.distribution)
    for failure in plugins.failures:
        _log.error("plugin %s of %s is left out: %s", failure.name, failure.distribution, failure.message)
    cluster = ManifestsCluster(settings.routes or settings.state.routes)
    return Parts(
        feeds=feeds,
        cluster=cluster,
        load_resources=cluster.load,
        intake=Intake(KindTable(plugins.kinds()), settings.namespace),
        tools=tools(plugins),
        board=BoardPublisher(settings.state.board),
        last_good=LastGood(settings.state.last_good),
    )


def feeds_of(settings: ControllerSettings) -> tuple[Feed, ...]:
    """The sources that `settings` ask for. Raises `ConfigurationError` for what can never work; reads nothing yet."""
    routemaps = open_source(
        settings.location,
        cache=settings.state.git,
        branch=settings.branch,
        subpath=settings.subpath,
        interval=settings.interval,
        name=ROUTEMAPS,
        read_before=settings.state.board.exists(),
    )
    folder = _manifests_folder(settings.cluster, read_before=settings.state.board.exists())
    if folder is None:
        return (Feed(routemaps, routemaps=True, resources=True),)
    objects = DirectorySource(folder, name=CLUSTER)
    return (Feed(routemaps, routemaps=True), Feed(objects, routemaps=False, resources=True))


def _manifests_folder(cluster: str, *, read_before: bool) -> Path | None:
    """The folder that stands for the cluster; None when the objects lie beside the routemaps."""
    backend, _, folder = cluster.partition(":")
    if backend == "manifests":
        return Path(folder).expanduser() if folder else None
    if cluster and (Path(cluster).is_dir() or read_before):
        return Path(cluster)
    message = f"--cluster {cluster!r} is not known; use 'manifests', 'manifests:DIR' or the path of a directory"
    raise ConfigurationError(message)
