"""The composition root: a tree that is read once, a cluster that is looked at once, and the differences that follow."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from iter8_gitops.contracts.cluster import ClusterAccess, ClusterRequest, OpenedCluster
from iter8_gitops.contracts.source import Credentials, Source, SourceRequest, Verification
from iter8_gitops.core.targeting_changes import Outline
from iter8_gitops.errors import ConfigurationError, UnavailableError
from iter8_gitops.hooks.manager import Plugins
from iter8_gitops.runtime.configuration import Configuration, load_configuration
from iter8_gitops.runtime.foresight.changes import Differences
from iter8_gitops.runtime.foresight.outlook import Lookout, foresee
from iter8_gitops.runtime.inspection import tools
from iter8_gitops.runtime.intake import Intake
from iter8_gitops.runtime.kind_resolver import KindResolver
from iter8_gitops.runtime.source_requests import ROUTEMAPS
from iter8_gitops.spec.snapshot import RoutemapState
from iter8_gitops.spec.tree import SourceTree

_MANIFESTS = "manifests"
_KINDS_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class ForesightSettings:
    """What a person asked for; as `ControllerSettings`. `routes` is None where no folder with routes is known."""

    location: str
    branch: str | None = None
    subpath: str = ""
    namespace: str | None = None
    cluster: str = _MANIFESTS
    routes: Path | None = None
    config: Path | None = None
    access: ClusterAccess = field(default_factory=ClusterAccess)
    credentials: Credentials | None = None
    verification: Verification | None = None


def differences(
    settings: ForesightSettings, present: Mapping[str, RoutemapState], shown: Mapping[str, Outline]
) -> Differences:
    """What would change on a board that holds `present`, and in the cluster. `shown` is as for `foresee`.

    Raises `ConfigurationError` for what can never work, and `UnavailableError` when the tree or the cluster cannot be
    read.
    """
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(TemporaryDirectory(prefix="iter8-gitops-diff-")))
        configuration = load_configuration(settings.config) if settings.config is not None else Configuration()
        plugins = Plugins.load()
        opened = _open_cluster(settings, configuration, plugins, scratch)
        stack.callback(opened.close)
        tree = _read(plugins.open_source(_source_request(settings, scratch)))
        resolver = KindResolver(configuration.resource_types, plugins, opened.find_kind)
        resolver.start(lambda _: None)
        stack.callback(resolver.stop)
        resolver.wait_until_asked(_KINDS_SECONDS)
        lookout = _lookout(settings, opened, plugins, resolver)
        return foresee(tree, lookout, present, time.time(), shown)


def _lookout(settings: ForesightSettings, opened: OpenedCluster, plugins: Plugins, resolver: KindResolver) -> Lookout:
    if opened.look is None:
        message = f"the backend of --cluster {settings.cluster} cannot be looked at without following it"
        raise ConfigurationError(message)
    kinds, rules = resolver.table(), resolver.plugin()
    is_folder = opened.load_resources is not None
    return Lookout(
        intake=Intake(kinds, settings.namespace, opened.scope),
        tools=tools(Plugins.load(extra=rules) if rules else plugins, kinds),
        look=opened.look,
        look_at_routes=opened.look_at_routes if settings.routes is not None or not is_folder else None,
        load_resources=opened.load_resources,
        manifests=_manifests(opened),
    )


def _open_cluster(
    settings: ForesightSettings, configuration: Configuration, plugins: Plugins, scratch: Path
) -> OpenedCluster:
    backend, _, address = settings.cluster.partition(":")
    if settings.cluster not in ("", _MANIFESTS) and Path(settings.cluster).is_dir():
        backend, address = _MANIFESTS, settings.cluster
    return plugins.open_cluster(
        ClusterRequest(
            backend=backend,
            address=address,
            routes=settings.routes or scratch / "routes",
            namespace=settings.namespace,
            access=settings.access.within(configuration.cluster_scoped),
        )
    )


def _source_request(settings: ForesightSettings, scratch: Path) -> SourceRequest:
    """A mirror of its own: that of a controller is not ours to write to, and may show what was there before."""
    return SourceRequest(
        settings.location,
        name=ROUTEMAPS,
        cache=scratch / "git",
        revision=settings.branch,
        subpath=settings.subpath,
        credentials=settings.credentials,
        verification=settings.verification,
    )


def _manifests(opened: OpenedCluster) -> SourceTree | None:
    """The tree of the objects that stand for a cluster, unless they are beside the routemaps."""
    feeds = [feed for feed in opened.feeds if feed.resources]
    if opened.load_resources is None or opened.beside_routemaps or not feeds:
        return None
    return _read(feeds[0].source)


def _read(source: Source) -> SourceTree:
    """What `source` delivers first. Raises `UnavailableError` when that is a failure."""
    stop = threading.Event()
    try:
        first = next(source.deliveries(stop), None)
    finally:
        stop.set()
    if isinstance(first, SourceTree):
        return first
    raise UnavailableError(first.message if first is not None else f"{source.location} delivered nothing")
