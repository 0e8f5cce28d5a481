"""Requests to an API server, by path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

from iter8_gitops.kube.credentials import find_access
from iter8_gitops.kube.errors import (
    KubeError,
    KubeForbiddenError,
    KubeGoneError,
    KubeNotFoundError,
    KubeUnreachableError,
)
from iter8_gitops.kube.streams import WatchStream
from iter8_gitops.kube.transport import JSON, Transport

JsonObject: TypeAlias = dict[str, Any]
"""A Kubernetes object as decoded JSON."""

Params: TypeAlias = Mapping[str, str] | None
"""Query parameters."""

_METADATA_ONLY = f"{JSON};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_CREATED = 201


@dataclass(frozen=True, slots=True)
class Applied:
    """The object as it is after an apply, and whether the apply created it."""

    object: JsonObject
    created: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """All objects of a list, and the version of the whole that a watch can go on from."""

    objects: list[JsonObject]
    resource_version: str


class KubeClient:
    """Calls on one API server; thread-safe. Build it with `connect`.

    Paths are those of `Endpoint.path`. Timeouts are seconds for one request, or one page. Every failure is a
    `KubeError` with the server's own message where it gave one; nothing is tried again in here.
    `server` is its address; `context` the kubeconfig's ("" in a pod); `namespace` the one of context or pod.
    """

    def __init__(self, transport: Transport, *, context: str = "", namespace: str = "default") -> None:
        self._transport = transport
        self.server = transport.server
        self.context = context
        self.namespace = namespace

    @classmethod
    def connect(cls, *, kubeconfig: str | None = None, context: str | None = None) -> Self:
        """Make a client for the configured cluster, without a request to it. Raises ConfigurationError.

        `kubeconfig` names a file (or several, as in KUBECONFIG); without it, the usual places are searched.
        """
        access = find_access(kubeconfig, context)
        return cls(Transport(access), context=access.context, namespace=access.namespace)

    def get(self, path: str, params: Params = None, *, timeout: float = 10.0) -> JsonObject:
        """Read one object, or whatever a path answers with."""
        return self._call("GET", path, params, timeout=timeout)

    def create(self, path: str, body: JsonObject, params: Params = None, *, timeout: float = 10.0) -> JsonObject:
        """Create an object in the collection `path`; KubeConflictError when there is one of that name."""
        return self._call("POST", path, params, body, timeout=timeout)

    def replace(self, path: str, body: JsonObject, params: Params = None, *, timeout: float = 10.0) -> JsonObject:
        """Replace an object; KubeConflictError when its resourceVersion is another than that in `body`."""
        return self._call("PUT", path, params, body, timeout=timeout)

    def merge_patch(self, path: str, body: JsonObject, params: Params = None, *, timeout: float = 10.0) -> JsonObject:
        """Merge `body` into an object (JSON merge patch: None removes a field)."""
        return self._call("PATCH", path, params, body, timeout=timeout, content_type="application/merge-patch+json")

    def apply(
        self,
        path: str,
        body: JsonObject,
        *,
        field_manager: str,
        force: bool = False,
        dry_run: bool = False,
        timeout: float = 10.0,
    ) -> Applied:
        """Server-side apply: own exactly the fields of `body`, and create the object when it is not there.

        KubeConflictError names the fields that others own; `force` takes them.
        """
        params = {"fieldManager": field_manager, "force": "true" if force else "false"}
        if dry_run:
            params["dryRun"] = "All"
        # The server reads YAML, of which JSON is a part.
        response = self._transport.send(
            "PATCH", path, params, body, timeout=timeout, content_type="application/apply-patch+yaml"
        )
        return Applied(self._transport.read_object(response, timeout), response.status == _CREATED)

    def delete(
        self,
        path: str,
        *,
        uid: str | None = None,
        resource_version: str | None = None,
        propagation: str = "Background",
        timeout: float = 10.0,
    ) -> None:
        """Delete an object, if it still is the one with `uid` and `resource_version` (else KubeConflictError).

        Raises KubeNotFoundError when there is none. Finalizers may keep the object for a while.
        """
        body: JsonObject = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation}
        wanted = {"uid": uid, "resourceVersion": resource_version}
        if preconditions := {name: value for name, value in wanted.items() if value is not None}:
            body["preconditions"] = preconditions
        self._call("DELETE", path, None, body, timeout=timeout)

    def list(
        self,
        path: str,
        params: Params = None,
        *,
        metadata_only: bool = False,
        page: int = 500,
        timeout: float = 30.0,
    ) -> Listing:
        """Read all objects of a collection, `page` at a time, as they were at one moment.

        `apiVersion` and `kind` are filled in where the server leaves them out. With `metadata_only` they are
        PartialObjectMetadata. When the server forgets that moment between two pages, all is read anew at once.
        """
        accept = _METADATA_ONLY if metadata_only else JSON
        try:
            return self._pages(path, {**(params or {}), "limit": str(page)}, accept, timeout)
        except KubeGoneError as error:
            if error.status and params and "resourceVersion" in params:
                raise
            return self._pages(path, dict(params or {}), accept, timeout)

    def watch(self, path: str, params: Params = None, *, read_timeout: float) -> WatchStream:
        """Open a watch on a collection; the stream fails when nothing arrives for `read_timeout` seconds.

        Ask for bookmarks, a resourceVersion and the server's timeout in `params`.
        """
        response = self._transport.send("GET", path, {**(params or {}), "watch": "true"}, timeout=min(read_timeout, 10))
        return WatchStream(self._transport, response, read_timeout)

    def is_ready(self, *, timeout: float = 5.0) -> bool:
        """Tell whether the server says that it has loaded everything; True when it may not be asked."""
        try:
            response = self._transport.send("GET", "/readyz", timeout=timeout, accept="*/*")
            self._transport.read(response, timeout)
        except (KubeForbiddenError, KubeNotFoundError):
            return True
        except KubeError:
            return False
        return True

    def close(self) -> None:
        """Close idle connections; further requests fail. Streams are their owners' to close."""
        self._transport.close()

    def _call(
        self,
        method: str,
        path: str,
        params: Params,
        body: JsonObject | None = None,
        *,
        timeout: float,
        accept: str = JSON,
        content_type: str = JSON,
    ) -> JsonObject:
        response = self._transport.send(
            method, path, params, body, timeout=timeout, accept=accept, content_type=content_type
        )
        return self._transport.read_object(response, timeout)

    def _pages(self, path: str, params: dict[str, str], accept: str, timeout: float) -> Listing:
        objects: list[JsonObject] = []
        while True:
            answer = self._call("GET", path, params, timeout=timeout, accept=accept)
            metadata = answer.get("metadata") or {}
            try:
                objects += _completed(answer)
                if not metadata.get("continue"):
                    return Listing(objects, str(metadata.get("resourceVersion") or ""))
            except (AttributeError, TypeError) as error:
                message = f"{self.server} answered with no list for {path}"
                raise KubeUnreachableError(message, reason="BadAnswer") from error
            params = {**params, "continue": metadata["continue"]}
            params.pop("resourceVersion", None)  # A continue token holds it.


def _completed(answer: JsonObject) -> list[JsonObject]:
    """The items of a list, with what the server says only once for all of them."""
    items: list[JsonObject] = answer.get("items") or []
    kind = str(answer.get("kind", "")).removesuffix("List")
    for item in items:
        item.setdefault("apiVersion", answer.get("apiVersion", ""))
        item.setdefault("kind", kind)
    return items
