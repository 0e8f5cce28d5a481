"""Takes back what was applied: deletes what we made, and lets go of what was there before."""

from __future__ import annotations

from iter8_gitops.cluster.kubernetes.ownership import instance_of, is_applied, is_terminating, mark_of, was_created
from iter8_gitops.cluster.kubernetes.places import Place, Places
from iter8_gitops.cluster.kubernetes.routes import Mark, bare
from iter8_gitops.cluster.kubernetes.writes import LeaderWrites
from iter8_gitops.kube.client import JsonObject, KubeClient
from iter8_gitops.kube.errors import KubeConflictError, KubeError, KubeInvalidError, KubeNotFoundError
from iter8_gitops.kube.marks import CREATED_ANNOTATION, INSTANCE_LABEL, ROUTE_ANNOTATION
from iter8_gitops.spec.resource import ResourceId


class RouteRemover:
    """Removes what the installation `instance` applied. One thread uses it."""

    def __init__(self, client: KubeClient, writes: LeaderWrites, places: Places, instance: str) -> None:
        self._client = client
        self._writes = writes
        self._places = places
        self._instance = instance

    def let_go(self, resource: ResourceId, mark: Mark) -> None:
        """Delete the object if we made it, else give up all fields that we applied, if it still carries `mark`.

        A copy that somebody made of such an object is left alone. Raises RefusedError and NotLeadingError.
        """
        place = self._places.find(resource)
        try:
            live = self._client.get(place.path)
        except KubeNotFoundError:
            return
        except KubeError as error:
            raise place.refused(error, "read", "get") from error
        if instance_of(live) != self._instance or mark_of(live) != mark or is_terminating(live) or not is_applied(live):
            return
        if was_created(live):
            self._delete(place, live)
        else:
            self._strip(place, live)

    def _delete(self, place: Place, live: JsonObject) -> None:
        try:
            self._writes.delete(place.path, uid=live["metadata"]["uid"])
        except (KubeNotFoundError, KubeConflictError):
            return  # it is gone, or another object has its name by now
        except KubeError as error:
            raise place.refused(error, "deleted", "delete") from error

    def _strip(self, place: Place, live: JsonObject) -> None:
        metadata = live["metadata"]
        identity = bare(place.endpoint.api_version, place.id.kind, place.id.namespace, place.id.name)
        # If it vanished meanwhile, this makes the server refuse instead of creating it anew.
        identity["metadata"]["uid"] = metadata["uid"]
        identity["metadata"]["resourceVersion"] = metadata["resourceVersion"]
        try:
            self._writes.apply(place.path, identity)
        except KubeNotFoundError:
            return
        except KubeInvalidError:
            # Without our fields it would be no valid object: they stay, but not our marks.
            self._unmark(place, live)
        except KubeError as error:
            raise place.refused(error, "let go", "patch") from error

    def _unmark(self, place: Place, live: JsonObject) -> None:
        metadata = {
            "resourceVersion": live["metadata"]["resourceVersion"],
            "labels": {INSTANCE_LABEL: None},
            "annotations": {ROUTE_ANNOTATION: None, CREATED_ANNOTATION: None},
        }
        try:
            self._writes.merge(place.path, {"metadata": metadata})
        except KubeNotFoundError:
            return
        except KubeError as error:
            raise place.refused(error, "let go", "patch") from error
