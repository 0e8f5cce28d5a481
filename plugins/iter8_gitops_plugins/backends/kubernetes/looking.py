"""One look at objects of a real cluster: requests that read, a few at a time. Nothing is followed or written."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from iter8_gitops.cluster.labels import label_complaint
from iter8_gitops.contracts.cluster import KindKey, RoutePlace
from iter8_gitops.errors import UnavailableError
from iter8_gitops.kube.client import KubeClient
from iter8_gitops.kube.discovery import UNCONFIRMED, Discovery
from iter8_gitops.kube.endpoint import Endpoint
from iter8_gitops.kube.errors import KubeError, KubeForbiddenError, KubeNotFoundError
from iter8_gitops.kube.marks import INSTANCE_LABEL
from iter8_gitops.kube.store import without_managed_fields
from iter8_gitops.spec.resource import WATCH_LABEL, Absent, Observation, Resource, ResourceId

_THREADS = 8
_PATIENCE_SECONDS = 5.0
_CONFIRM_SECONDS = 2.2
"""Discovery takes a kind for absent when it is told so twice, 2 s apart."""
_LOOKS = 3
_FORBIDDEN = 403

_Key = TypeVar("_Key", ResourceId, RoutePlace)


class Looking:
    """Looks at objects in the namespace `scope` (None: in all), for the installation `instance`.

    Raises `UnavailableError` when there is no answer.
    """

    def __init__(self, client: KubeClient, discovery: Discovery, scope: str | None, instance: str) -> None:
        self._client = client
        self._discovery = discovery
        self._scope = scope
        self._instance = instance

    def look(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, Observation]:
        """See `contracts.cluster.Look`: an object needs the watch label to be seen, as with `Sight`."""
        return self._all(ids, {each: each for each in ids}, self._watched)

    def look_at_routes(self, places: Collection[RoutePlace]) -> Mapping[RoutePlace, Observation]:
        """See `contracts.cluster.LookAtRoutes`. What another installation applied is not ours to change."""
        return self._all(places, {each: each.id for each in places}, self._route)

    def _all(
        self,
        wanted: Collection[_Key],
        ids: Mapping[_Key, ResourceId],
        look: Callable[[_Key, Endpoint], Observation],
    ) -> dict[_Key, Observation]:
        inside = [each for each in wanted if self._in_scope(ids[each])]
        endpoints = self._endpoints({(ids[each].group, ids[each].kind) for each in inside})
        found: dict[_Key, Observation] = {each: self._out_of_scope(ids[each]) for each in wanted}
        served: dict[_Key, Endpoint] = {}
        for each in inside:
            endpoint = endpoints[ids[each].group, ids[each].kind]
            if endpoint is None:
                found[each] = _not_installed(ids[each])
            else:
                served[each] = endpoint
        return found | _in_threads(served, look)

    def _endpoints(self, kinds: Iterable[KindKey]) -> dict[KindKey, Endpoint | None]:
        """Where kinds are served; None for those that certainly are not."""
        found: dict[KindKey, Endpoint | None] = {}
        missing = sorted(kinds)
        for look in range(_LOOKS):
            for kind in missing:
                try:
                    found[kind] = self._discovery.find(*kind)
                except KubeError as error:
                    if error.reason != UNCONFIRMED or look == _LOOKS - 1:
                        raise UnavailableError(error.message) from error
            missing = [kind for kind in missing if kind not in found]
            if not missing:
                break
            time.sleep(_CONFIRM_SECONDS)
        return found

    def _watched(self, wanted: ResourceId, endpoint: Endpoint) -> Observation:
        found = self._get(wanted, endpoint)
        if isinstance(found, Absent):
            return found
        if found.labels.get(WATCH_LABEL) != "true":
            return Absent("NotWatched", f"{wanted} is in the cluster, but {label_complaint(found)}")
        return Resource(wanted, without_managed_fields(dict(found.manifest)))

    def _route(self, place: RoutePlace, endpoint: Endpoint) -> Observation:
        found = self._in_version(place, endpoint)
        holder = found.labels.get(INSTANCE_LABEL) if isinstance(found, Resource) else None
        if holder and holder != self._instance:
            return Absent("NotOurs", f"{place.id} is applied by the installation {holder!r} of iter8-gitops")
        return found

    def _in_version(self, place: RoutePlace, endpoint: Endpoint) -> Observation:
        """The object in the version that is asked for; in the preferred one where that is not served."""
        if place.version not in ("", endpoint.version):
            found = self._get(place.id, replace(endpoint, version=place.version))
            if isinstance(found, Resource):
                return found
        return self._get(place.id, endpoint)

    def _get(self, wanted: ResourceId, endpoint: Endpoint) -> Observation:
        try:
            manifest = self._client.get(endpoint.path(wanted.namespace, wanted.name), timeout=_PATIENCE_SECONDS)
        except KubeNotFoundError:
            return Absent("NotFound", f"{wanted} is not in the cluster")
        except KubeError as error:
            if isinstance(error, KubeForbiddenError) and error.status == _FORBIDDEN:
                return Absent("Forbidden", f"{wanted} may not be read: {error.message}")
            message = f"{wanted} cannot be read: {error.message}"
            raise UnavailableError(message) from error
        return Resource(wanted, manifest)

    def _in_scope(self, wanted: ResourceId) -> bool:
        return self._scope in (None, wanted.namespace)

    def _out_of_scope(self, wanted: ResourceId) -> Absent:
        said = f"{wanted} is in another namespace, and this installation looks at {self._scope} only"
        return Absent("OutOfScope", said)


def _not_installed(wanted: ResourceId) -> Absent:
    of_group = f"of group {wanted.group}" if wanted.group else "in the core group"
    said = f"the cluster serves no {wanted.kind} {of_group}; install its CustomResourceDefinition"
    return Absent("KindNotInstalled", said)


def _in_threads(
    served: Mapping[_Key, Endpoint], look: Callable[[_Key, Endpoint], Observation]
) -> dict[_Key, Observation]:
    """Every answer; after the first failure no further question is asked."""
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="look") as pool:
        asked = {each: pool.submit(look, each, endpoint) for each, endpoint in served.items()}
        try:
            return {each: answer.result() for each, answer in asked.items()}
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
