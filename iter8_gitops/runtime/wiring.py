"""The composition root of the controller: from what a person asked for to parts that work together."""

from __future__ import annotations

import logging
import queue
import signal
import threading
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from iter8_gitops.board.publisher import BoardPublisher
from iter8_gitops.cluster.manifests import ManifestsCluster
from iter8_gitops.errors import ConfigurationError
from iter8_gitops.hooks.manager import Plugins
from iter8_gitops.runtime.configuration import Configuration, load_configuration
from iter8_gitops.runtime.controller import Controller, Parts
from iter8_gitops.runtime.feeds import Feed
from iter8_gitops.runtime.inspection import tools
from iter8_gitops.runtime.intake import Intake
from iter8_gitops.runtime.kind_resolver import KindResolver
from iter8_gitops.runtime.last_good import LastGood
from iter8_gitops.runtime.settings import ControllerSettings
from iter8_gitops.sources.directory import DirectorySource
from iter8_gitops.sources.locations import open_source
from iter8_gitops.spec.kinds import KindTable

_log = logging.getLogger(__name__)
ROUTEMAPS = "routemaps"
CLUSTER = "cluster"
"""The names of the source at PATH|URL, and of the one that shows how the cluster is seen."""

_KINDS_SECONDS = 5.0
"""How long a start waits for the cluster to say which kinds the configured types are; they may follow later."""


def run_controller(settings: ControllerSettings) -> None:
    """Run a controller until SIGINT or SIGTERM. Raises `ConfigurationError` when it cannot be set up."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with ExitStack() as stack:
        parts = controller_parts(settings, stack)
        Controller(parts).run(stop)


def check_settings(settings: ControllerSettings) -> None:
    """Raises `ConfigurationError` for what can never work; reads nothing but configuration yet."""
    settings.check()
    if settings.config is not None:
        load_configuration(settings.config)
    if settings.real:
        from iter8_gitops.runtime.real_cluster import connect

        connect(settings.access).close()
        _routemap_feeds(settings)
    else:
        _manifest_feeds(settings)


def controller_parts(settings: ControllerSettings, stack: ExitStack) -> Parts:
    """Put together what `settings` ask for. `stack` closes it; close it after the controller has stopped."""
    settings.check()
    configuration = load_configuration(settings.config) if settings.config is not None else Configuration()
    plugins = Plugins.load()
    parts = (_real_parts if settings.real else _manifest_parts)(settings, configuration, plugins, stack)
    for loaded in plugins.loaded:
        _log.debug("plugin %s of %s", loaded.name, loaded.distribution)
    for failure in plugins.failures:
        _log.error("plugin %s of %s is left out: %s", failure.name, failure.distribution, failure.message)
    for feed in parts.feeds:
        _log.info("source %s: %s", feed.source.name, feed.source.location)
    return replace(parts, resync_seconds=configuration.resync_seconds)


def _manifest_parts(
    settings: ControllerSettings, configuration: Configuration, plugins: Plugins, stack: ExitStack
) -> Parts:
    feeds = _manifest_feeds(settings)
    resolver = KindResolver(configuration.resource_types, plugins)
    cluster = ManifestsCluster(settings.routes or settings.state.routes)
    board, last_good = _stores(settings, stack)
    return Parts(
        feeds=feeds,
        cluster=cluster,
        load_resources=cluster.load,
        intake=Intake(resolver.table(), settings.namespace),
        tools=tools(_with_rules(plugins, resolver), resolver.table()),
        board=board,
        last_good=last_good,
    )


def _real_parts(
    settings: ControllerSettings, configuration: Configuration, plugins: Plugins, stack: ExitStack
) -> Parts:
    # Only those who use a real cluster wait for the Kubernetes client to load.
    from iter8_gitops.kube.discovery import Discovery
    from iter8_gitops.runtime.real_cluster import cluster_feeds, connect, open_cluster, scope_of

    client = connect(settings.access)
    stack.callback(client.close)
    scope = scope_of(settings, configuration, client)
    board, last_good = _stores(settings, stack)
    resolver = KindResolver(configuration.resource_types, plugins, Discovery(client).find_plural)
    cluster = open_cluster(client, settings, scope)
    tables: queue.SimpleQueue[KindTable] = queue.SimpleQueue()
    resolver.start(tables.put)
    stack.callback(resolver.stop)
    resolver.wait_until_asked(_KINDS_SECONDS)
    return Parts(
        feeds=(*_routemap_feeds(settings), *cluster_feeds(client, cluster, settings, scope)),
        cluster=cluster,
        load_resources=None,
        intake=Intake(resolver.table(), settings.namespace, scope),
        tools=tools(_with_rules(plugins, resolver), resolver.table()),
        board=board,
        last_good=last_good,
        new_kinds=lambda: _newest(tables),
    )


def _stores(settings: ControllerSettings, stack: ExitStack) -> tuple[BoardPublisher, LastGood]:
    board = BoardPublisher(settings.state.board)
    stack.callback(board.close)
    last_good = LastGood(settings.state.last_good)
    stack.callback(last_good.close)
    return board, last_good


def _with_rules(plugins: Plugins, resolver: KindResolver) -> Plugins:
    """The plugins, and before them the rules of the configuration, if it has any."""
    rules = resolver.plugin()
    return Plugins.load(extra=rules) if rules else plugins


def _newest(tables: queue.SimpleQueue[KindTable]) -> KindTable | None:
    newest: KindTable | None = None
    while not tables.empty():
        newest = tables.get()
    return newest


def _manifest_feeds(settings: ControllerSettings) -> tuple[Feed, ...]:
    """Raises `ConfigurationError` for what can never work; reads nothing yet."""
    (routemaps,) = _routemap_feeds(settings)
    folder = _manifests_folder(settings.cluster, read_before=settings.state.board.exists())
    if folder is None:
        return (Feed(routemaps.source, routemaps=True, resources=True),)
    objects = DirectorySource(folder, name=CLUSTER)
    return (routemaps, Feed(objects, routemaps=False, resources=True))


def _routemap_feeds(settings: ControllerSettings) -> tuple[Feed, ...]:
    """The feed of PATH|URL, if there is one."""
    if settings.location is None:
        return ()
    source = open_source(
        settings.location,
        cache=settings.state.git,
        branch=settings.branch,
        subpath=settings.subpath,
        interval=settings.interval,
        name=ROUTEMAPS,
        read_before=settings.state.board.exists(),
    )
    return (Feed(source, routemaps=True),)


def _manifests_folder(cluster: str, *, read_before: bool) -> Path | None:
    """The folder that stands for the cluster; None when the objects lie beside the routemaps."""
    backend, _, folder = cluster.partition(":")
    if backend == "manifests":
        return Path(folder).expanduser() if folder else None
    if cluster and (Path(cluster).is_dir() or read_before):
        return Path(cluster)
    message = (
        f"--cluster {cluster!r} is not known; use 'kubernetes', 'manifests', 'manifests:DIR' or the path of a directory"
    )
    raise ConfigurationError(message)
