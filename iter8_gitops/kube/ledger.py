"""Which kinds of objects were ever touched in a cluster, noted on the Lease: a restart forgets none."""

from __future__ import annotations

import json
import logging
import random
import time
from collections.abc import Collection, Mapping
from typing import Any

from iter8_gitops.kube.client import JsonObject, KubeClient
from iter8_gitops.kube.errors import KubeConflictError, KubeNotFoundError
from iter8_gitops.kube.lease_record import lease_path, new_lease
from iter8_gitops.kube.marks import KINDS_ANNOTATION

_log = logging.getLogger(__name__)
_random = random.SystemRandom()
_RETRIES = 7
_TIMEOUT = 5.0


class Ledger:
    """The notes on the Lease `namespace/name`. Any thread may use it; every method asks the API server.

    Notes are only added: a kind in which there is nothing of ours any more costs one empty list after a restart.
    """

    def __init__(self, client: KubeClient, namespace: str, name: str) -> None:
        self._client = client
        self._namespace, self._name = namespace, name

    def read(self) -> frozenset[tuple[str, str]]:
        """The (group, kind) pairs noted so far; none when there is no Lease. Raises KubeError."""
        try:
            return noted_kinds(self._client.get(self._path(), timeout=_TIMEOUT))
        except KubeNotFoundError:
            return frozenset()

    def add(self, kinds: Collection[tuple[str, str]]) -> None:
        """Note `kinds`, and make the Lease when there is none. Writes nothing when all are noted. Raises KubeError."""
        for _ in range(_RETRIES):
            try:
                self._add(frozenset(kinds))
            except KubeConflictError:
                # The leader renews the Lease every other second, and another replica may have been quicker.
                time.sleep(_random.uniform(0.01, 0.1))
            else:
                return
        self._add(frozenset(kinds))

    def _add(self, kinds: frozenset[tuple[str, str]]) -> None:
        lease = self._read_or_create()
        noted = noted_kinds(lease)
        if kinds <= noted:
            return
        metadata = {
            # With it, a note that somebody added meanwhile cannot be overwritten.
            "resourceVersion": lease["metadata"]["resourceVersion"],
            "annotations": {KINDS_ANNOTATION: json.dumps(sorted(noted | kinds))},
        }
        self._client.merge_patch(self._path(), {"metadata": metadata}, timeout=_TIMEOUT)

    def _read_or_create(self) -> JsonObject:
        try:
            return self._client.get(self._path(), timeout=_TIMEOUT)
        except KubeNotFoundError:
            lease = new_lease(self._namespace, self._name)
            return self._client.create(lease_path(self._namespace), lease, timeout=_TIMEOUT)

    def _path(self) -> str:
        return lease_path(self._namespace, self._name)


def noted_kinds(lease: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    """The (group, kind) pairs noted on a Lease. What is no such pair (an annotation edited by hand) is left out."""
    text = (lease["metadata"].get("annotations") or {}).get(KINDS_ANNOTATION, "[]")
    try:
        notes = json.loads(text)
    except (ValueError, RecursionError):
        notes = None
    if not isinstance(notes, list):
        _log.warning("the annotation %s of lease %s is no JSON list", KINDS_ANNOTATION, lease["metadata"].get("name"))
        return frozenset()
    return frozenset((note[0], note[1]) for note in notes if _is_pair(note))


def _is_pair(note: object) -> bool:
    return isinstance(note, list) and len(note) == 2 and all(isinstance(part, str) for part in note) and bool(note[1])
