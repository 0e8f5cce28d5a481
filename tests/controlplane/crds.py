"""Installs the published CustomResourceDefinitions that the tests check objects and routes against."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx

from tests.controlplane.objects import ApiError, Object, path_of, server_side_apply

_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_METADATA_ONLY = {"Accept": "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"}
"""A definition can have two megabytes."""
_PATIENCE = 120
"""Seconds; large definitions keep a small busy machine occupied for ten."""
_NAME = re.compile(r"^metadata:\n(?: .*\n)*?  name: (\S+)$", re.MULTILINE)


class CustomResources:
    """The definitions in the files of `folder`, one each; they are called by their plural, such as "httproutes"."""

    def __init__(self, folder: Path) -> None:
        self._texts: dict[str, tuple[str, str]] = {}
        for file in sorted(folder.glob("*.yaml")):
            text = file.read_text()
            match = _NAME.search(text)
            if match is None:
                message = f"{file} is not a CustomResourceDefinition with a name"
                raise ValueError(message)
            self._texts[match[1].partition(".")[0]] = (match[1], text)

    @property
    def plurals(self) -> list[str]:
        """What can be installed."""
        return list(self._texts)

    def install(self, client: httpx.Client, *plurals: str) -> None:
        """Apply the definitions and wait until their resources are served."""
        served = [resource for plural in plurals for resource in self._apply(client, plural)]
        for group, version, plural in served:
            _wait(partial(_is_served, client, group, version, plural), f"{plural}.{group}/{version} served")

    def delete(self, client: httpx.Client, plural: str) -> None:
        """Delete a definition, with all its objects, and wait until its resource is gone."""
        name, _ = self._texts[plural]
        group = name.partition(".")[2]
        versions = [version["name"] for version in _definition(client, name)["spec"]["versions"]]
        response = client.delete(f"{_DEFINITIONS}/{name}")
        if response.is_error:
            raise ApiError(response)
        _wait(partial(_is_deleted, client, name), f"{name} deleted")
        for version in versions:
            _wait(partial(_is_gone, client, group, version, plural), f"{name} no longer served")

    def _apply(self, client: httpx.Client, plural: str) -> list[tuple[str, str, str]]:
        name, text = self._texts[plural]
        spec = server_side_apply(client, f"{_DEFINITIONS}/{name}", text)["spec"]
        return [(spec["group"], version["name"], plural) for version in spec["versions"] if version["served"]]


def _definition(client: httpx.Client, name: str) -> Object:
    response = client.get(f"{_DEFINITIONS}/{name}")
    if response.is_error:
        raise ApiError(response)
    definition: Object = response.json()
    return definition


def _is_deleted(client: httpx.Client, name: str) -> bool:
    return client.get(f"{_DEFINITIONS}/{name}", headers=_METADATA_ONLY).status_code == httpx.codes.NOT_FOUND


def _is_served(client: httpx.Client, group: str, version: str, plural: str) -> bool:
    """Tell whether discovery names the resource and a list of it is answered."""
    discovery = client.get(path_of(group, version, ""))
    if discovery.is_error or plural not in {resource["name"] for resource in discovery.json()["resources"]}:
        return False
    return client.get(path_of(group, version, plural), params={"limit": 1}).is_success


def _is_gone(client: httpx.Client, group: str, version: str, plural: str) -> bool:
    return not _is_served(client, group, version, plural)


def _wait(reached: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not reached():
        assert time.monotonic() < deadline, f"not within {_PATIENCE} s: {what}"
        time.sleep(0.05)
