"""The record of a routemap in the cluster: what the leading replica decided, for the others and for its successor.

It is an object like those that routing templates render: applied by whoever leads, found again by its marks, and gone
with the routemap. It carries the watch label, so that every replica sees it as it sees resources.
"""

from __future__ import annotations

import hashlib

import yaml

from iter8_gitops.spec.codec import decode_record, encode_record
from iter8_gitops.spec.resource import WATCH_LABEL, Observation, Resource, ResourceId
from iter8_gitops.spec.routemap import RenderedRoute, Routemap
from iter8_gitops.spec.steering import Record

RECORD_TEMPLATE = "iter8.tools/record"
"""Stands for the name of a routing template; no template of people may have it."""

_SUFFIX = ".iter8-record"
_LONGEST = 253
_KEY = "record.json"


def record_id(routemap: Routemap) -> ResourceId:
    """Which object is the record of `routemap`."""
    name = routemap.name
    if len(name) + len(_SUFFIX) > _LONGEST:
        digest = hashlib.sha256(name.encode()).hexdigest()[:16]
        name = f"{name[: _LONGEST - len(_SUFFIX) - len(digest) - 1].rstrip('.-')}-{digest}"
    return ResourceId("", "ConfigMap", routemap.namespace, name + _SUFFIX)


def record_route(routemap: Routemap, record: Record) -> RenderedRoute:
    """The object that holds `record`."""
    identity = record_id(routemap)
    manifest = {
        "apiVersion": "v1",
        "kind": identity.kind,
        "metadata": {
            "name": identity.name,
            "namespace": identity.namespace,
            "labels": {WATCH_LABEL: "true"},
            "annotations": {
                "description": f"Where {routemap.application} stands. iter8-gitops writes it; do not edit."
            },
        },
        "data": {_KEY: encode_record(record).decode()},
    }
    text = yaml.safe_dump(manifest, sort_keys=False, allow_unicode=True, width=10_000)
    return RenderedRoute(RECORD_TEMPLATE, identity.group, identity.kind, identity.namespace, identity.name, text)


def read_record(seen: Observation | None) -> Record | None:
    """The record in an object as it is seen; None when there is none, or nobody can read it."""
    data = seen.manifest.get("data") if isinstance(seen, Resource) else None
    text = data.get(_KEY) if isinstance(data, dict) else None
    if not isinstance(text, str):
        return None
    try:
        return decode_record(text.encode())
    except ValueError:
        return None
