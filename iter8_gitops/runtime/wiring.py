"""The composition root of the controller: from what a person asked for to parts that work together."""

from __future__ import annotations

import logging
import os
import queue
import signal
import threading
from contextlib import ExitStack
from pathlib import Path

from iter8_gitops import memory
from iter8_gitops.board.publisher import BoardPublisher
from iter8_gitops.contracts.cluster import ClusterRequest, OpenedCluster
from iter8_gitops.contracts.source import Feed, Source
from iter8_gitops.errors import ConfigurationError
from iter8_gitops.hooks.manager import Plugins
from iter8_gitops.runtime.configuration import Configuration, load_configuration
from iter8_gitops.runtime.controller import Controller, Parts
from iter8_gitops.runtime.inspection import tools
from iter8_gitops.runtime.intake import Intake
from iter8_gitops.runtime.kind_resolver import KindResolver
from iter8_gitops.runtime.last_good import LastGood
from iter8_gitops.runtime.live_files import LiveFiles
from iter8_gitops.runtime.notifying.notifications import open_notifications
from iter8_gitops.runtime.settings import ControllerSettings
from iter8_gitops.runtime.source_configuration import SourceConfiguration
from iter8_gitops.runtime.source_requests import source_request
from iter8_gitops.runtime.steering.opening import OpenPromoter, open_pilot
from iter8_gitops.runtime.telemetry_folder import open_telemetry, share_counters
from iter8_gitops.spec.kinds import KindTable

_log = logging.getLogger(__name__)
_MANIFESTS = "manifests"
_KINDS_SECONDS = 5.0
"""How long a start waits for the cluster to say which kinds the configured types are; they may follow later."""


def run_controller(settings: ControllerSettings, open_promoter: OpenPromoter | None = None) -> None:
    """Run a controller until SIGINT or SIGTERM. Raises `ConfigurationError` when it cannot be set up.

    `open_promoter` opens what promotes where routemaps say so; without it nobody does.
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    share_counters(settings.state)
    with ExitStack() as stack:
        parts = controller_parts(settings, stack, open_promoter)
        Controller(parts).run(stop)


def check_settings(settings: ControllerSettings) -> None:
    """Raises `ConfigurationError` for what can never work; reads nothing but configuration yet."""
    plugins = Plugins.load()
    configuration = _configuration(settings)
    _open_cluster(settings, configuration, plugins).close()
    open_notifications(configuration.notifiers, plugins.open_notifier).close()
    configuration.promotion.settings()
    _routemap_feeds(settings, configuration, plugins, beside_resources=False)


def controller_parts(
    settings: ControllerSettings, stack: ExitStack, open_promoter: OpenPromoter | None = None
) -> Parts:
    """Put together what `settings` ask for. `stack` closes it; close it after the controller has stopped."""
    configuration = _configuration(settings)
    plugins = Plugins.load()
    opened = _open_cluster(settings, configuration, plugins)
    stack.callback(opened.close)
    notifications = open_notifications(configuration.notifiers, plugins.open_notifier)
    stack.callback(notifications.close)
    feeds = (
        *_routemap_feeds(settings, configuration, plugins, beside_resources=opened.beside_routemaps),
        *opened.feeds,
    )
    board = BoardPublisher(settings.state.board)
    stack.callback(board.close)
    telemetry = open_telemetry(
        settings.state, notifications.counts
    )  # the board's lock is held: nobody else counts here
    stack.callback(telemetry.close)
    last_good = LastGood(settings.state.last_good)
    stack.callback(last_good.close)
    resolver = KindResolver(configuration.resource_types, plugins, opened.find_kind)
    tables: queue.SimpleQueue[KindTable] = queue.SimpleQueue()
    resolver.start(tables.put)
    stack.callback(resolver.stop)
    resolver.wait_until_asked(_KINDS_SECONDS)
    for loaded in plugins.loaded:
        _log.debug("plugin %s of %s", loaded.name, loaded.distribution)
    for failure in plugins.failures:
        _log.error("plugin %s of %s is left out: %s", failure.name, failure.distribution, failure.message)
    for conflict in resolver.table().conflicts:
        _log.warning("the short name %s stands for %s, and not for %s, which claims it too", *conflict.told())
    for feed in feeds:
        _log.info("source %s: %s", feed.source.name, feed.source.location)
    return Parts(
        feeds=feeds,
        cluster=opened.cluster,
        live_files=(
            LiveFiles(opened.load_resources, opened.update_resources, last_good) if opened.load_resources else None
        ),
        intake=Intake(resolver.table(), settings.namespace, opened.scope),
        tools=tools(_with_rules(plugins, resolver), resolver.table()),
        board=board,
        last_good=last_good,
        new_kinds=lambda: _newest(tables),
        tell=notifications.tell,
        pilot=open_pilot(settings, configuration, plugins, resolver.table(), open_promoter, stack),
        resync_seconds=configuration.resync_seconds,
        timed=telemetry.timed,
        settle=memory.settle,
    )


def _configuration(settings: ControllerSettings) -> Configuration:
    return load_configuration(settings.config) if settings.config is not None else Configuration()


def _open_cluster(settings: ControllerSettings, configuration: Configuration, plugins: Plugins) -> OpenedCluster:
    backend, address = _backend_and_address(settings)
    return plugins.open_cluster(
        ClusterRequest(
            backend=backend,
            address=address,
            routes=settings.routes or settings.state.routes,
            namespace=settings.namespace,
            alone=settings.location is None and not configuration.sources,
            read_before=settings.state.board.exists(),
            access=settings.access.within(configuration.cluster_scoped),
        )
    )


def _backend_and_address(settings: ControllerSettings) -> tuple[str, str]:
    """`--cluster BACKEND[:ADDRESS]` taken apart; a directory alone is that of manifests, also while it is away."""
    asked = settings.cluster
    backend, _, address = asked.partition(":")
    is_folder = asked not in ("", _MANIFESTS) and Path(asked).is_dir()
    was_folder = os.sep in backend and settings.state.board.exists()
    return (_MANIFESTS, asked) if is_folder or was_folder else (backend, address)


def _routemap_feeds(
    settings: ControllerSettings, configuration: Configuration, plugins: Plugins, *, beside_resources: bool
) -> tuple[Feed, ...]:
    """The feeds of PATH|URL and of the configuration's sources. `beside_resources`: live objects lie in the first."""
    sources = (
        [plugins.open_source(source_request(settings, settings.location))] if settings.location is not None else []
    )
    sources += (_open_source(each, settings, plugins) for each in configuration.sources)
    return tuple(
        Feed(source, routemaps=True, resources=beside_resources and index == 0) for index, source in enumerate(sources)
    )


def _open_source(configured: SourceConfiguration, settings: ControllerSettings, plugins: Plugins) -> Source:
    """A source of the configuration. Raises `ConfigurationError` that says where it is configured."""
    request = configured.request(settings.state)
    try:
        return plugins.open_source(request)
    except ConfigurationError as error:
        message = f"{configured.place} ({configured.name}): {error}"
        raise ConfigurationError(message) from error


def _with_rules(plugins: Plugins, resolver: KindResolver) -> Plugins:
    """The plugins, and before them the rules of the configuration, if it has any."""
    rules = resolver.plugin()
    return Plugins.load(extra=rules) if rules else plugins


def _newest(tables: queue.SimpleQueue[KindTable]) -> KindTable | None:
    newest: KindTable | None = None
    while not tables.empty():
        newest = tables.get()
    return newest
