"""Takes our traces off the objects of one kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from iter8_gitops.cluster.kubernetes.ownership import is_applied
from iter8_gitops.kube.client import KubeClient
from iter8_gitops.kube.endpoint import Endpoint
from iter8_gitops.kube.errors import (
    KubeConflictError,
    KubeError,
    KubeForbiddenError,
    KubeInvalidError,
    KubeNotFoundError,
)
from iter8_gitops.kube.marks import CREATED_ANNOTATION, FIELD_MANAGER, INSTANCE_LABEL, ROUTE_ANNOTATION, finalizer_of
from iter8_gitops.runtime.uninstall_deadline import Deadline
from iter8_gitops.runtime.uninstall_report import KindReport

_PAGE = 500
_PATIENCE = 10.0
_NO_ANSWER = {0, 429, 503}


@dataclass(frozen=True, slots=True)
class Traces:
    """What of ours an object bears. `applied`: an installation's label is on it; `created`: and it made the object.

    A copy that somebody made of such an object bears the same marks, but was not made by us.
    """

    finalizer: bool
    applied: bool
    created: bool
    terminating: bool

    @classmethod
    def of(cls, metadata: Mapping[str, Any], instance: str) -> Traces:
        """Read an object's metadata."""
        applied = (metadata.get("labels") or {}).get(INSTANCE_LABEL) == instance
        made = (metadata.get("annotations") or {}).get(CREATED_ANNOTATION) == "true"
        return cls(
            finalizer=finalizer_of(instance) in (metadata.get("finalizers") or ()),
            applied=applied,
            created=applied and made and is_applied({"metadata": metadata}),
            terminating="deletionTimestamp" in metadata,
        )

    @property
    def any(self) -> bool:
        """Whether there is anything to do or to wait for."""
        return self.finalizer or self.applied


class Sweeper:
    """Goes through kinds. `namespace` None is the whole cluster. A dry run counts what it would do."""

    def __init__(
        self, client: KubeClient, instance: str, namespace: str | None, deadline: Deadline, *, dry_run: bool
    ) -> None:
        self._client = client
        self._instance = instance
        self._namespace = namespace
        self._deadline = deadline
        self._dry_run = dry_run

    def sweep(self, endpoint: Endpoint) -> KindReport:
        """Look at every object of a kind and take our traces off. Raises `OutOfTimeError` only."""
        kind = f"{endpoint.plural}.{endpoint.group}" if endpoint.group else endpoint.plural
        if not endpoint.namespaced and self._namespace is not None:
            return KindReport(kind)
        done: Counter[str] = Counter()
        left: list[str] = []
        failure, again = "", False
        try:
            for metadata in self._bearers(endpoint):
                again = not self._dry_run  # until a list shows nothing of ours any more
                said = self._strip(endpoint, metadata, done)
                left.extend([f"{endpoint.kind} {_name(metadata)}: {said}"] if said else [])
        except (KubeForbiddenError, KubeInvalidError) as error:
            failure = str(error)
        except KubeNotFoundError:
            again = False  # the kind is gone, and its objects with it
        except KubeError as error:
            failure, again = str(error), True
        return KindReport(kind, done["finalizers"], done["deleted"], done["released"], tuple(left), failure, again)

    def _bearers(self, endpoint: Endpoint) -> list[Mapping[str, Any]]:
        """The metadata of the objects that bear a trace. Not by label: a finalizer may be on any object."""
        path = endpoint.path(self._namespace)
        listing = self._client.list(path, metadata_only=True, page=_PAGE, timeout=self._deadline.patience(_PATIENCE))
        found = (each["metadata"] for each in listing.objects)
        return [metadata for metadata in found if Traces.of(metadata, self._instance).any]

    def _strip(self, endpoint: Endpoint, metadata: Mapping[str, Any], done: Counter[str]) -> str:
        """Take the traces off one object, and count that. Why it still bears one, or "".

        Raises KubeUnreachableError when the other objects have no better chance now either.
        """
        traces = Traces.of(metadata, self._instance)
        path = endpoint.path(metadata.get("namespace"), metadata["name"])
        others = [each for each in metadata.get("finalizers") or () if each != finalizer_of(self._instance)]
        try:
            if traces.finalizer:
                self._remove_finalizer(path, metadata, others)
                done["finalizers"] += 1
            if traces.created and traces.terminating:
                return f"is being deleted, and waits for the finalizers {', '.join(others)}" if others else ""
            if traces.created:
                self._delete(path, metadata)
                done["deleted"] += 1
            elif traces.applied:
                said = self._let_go(endpoint, path, metadata)
                done["released"] += not said
                return said
        except KubeNotFoundError:
            return ""
        except KubeConflictError:
            return "is being changed by somebody else"
        except KubeError as error:
            # Another 5xx speaks of this object alone, for instance of a webhook that guards it.
            if error.status in _NO_ANSWER:
                raise
            return str(error)
        return ""

    def _remove_finalizer(self, path: str, metadata: Mapping[str, Any], others: list[str]) -> None:
        if self._dry_run:
            return
        version = metadata["resourceVersion"]  # else a finalizer that somebody adds meanwhile would be lost
        body = {"metadata": {"resourceVersion": version, "finalizers": others or None}}
        self._client.merge_patch(path, body, timeout=self._deadline.patience(_PATIENCE))

    def _delete(self, path: str, metadata: Mapping[str, Any]) -> None:
        if not self._dry_run:
            self._client.delete(path, uid=metadata["uid"], timeout=self._deadline.patience(_PATIENCE))

    def _let_go(self, endpoint: Endpoint, path: str, metadata: Mapping[str, Any]) -> str:
        """Give up every field that we applied: applying none of them removes those that nobody else manages.

        What that would make invalid keeps its fields and loses our marks alone.
        """
        if self._dry_run:
            return ""
        identity = {"name": metadata["name"], "uid": metadata["uid"]}  # the uid: never make an object that went away
        if metadata.get("namespace"):
            identity["namespace"] = metadata["namespace"]
        nothing = {"apiVersion": endpoint.api_version, "kind": endpoint.kind, "metadata": identity}
        try:
            patience = self._deadline.patience(_PATIENCE)
            live = self._client.apply(path, nothing, field_manager=FIELD_MANAGER, timeout=patience).object
        except KubeInvalidError:
            live = {"metadata": metadata}
        if Traces.of(live["metadata"], self._instance).applied:
            # The marks have other managers too, for instance after the object was restored from a backup.
            marks = {
                "labels": {INSTANCE_LABEL: None},
                "annotations": {ROUTE_ANNOTATION: None, CREATED_ANNOTATION: None},
            }
            self._client.merge_patch(path, {"metadata": marks}, timeout=self._deadline.patience(_PATIENCE))
        return ""


def _name(metadata: Mapping[str, Any]) -> str:
    return f"{metadata['namespace']}/{metadata['name']}" if metadata.get("namespace") else str(metadata["name"])
