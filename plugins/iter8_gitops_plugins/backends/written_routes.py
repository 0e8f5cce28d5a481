"""The routes in the folder of a manifests cluster, as they were written there. Reads only.

As `iter8_gitops.cluster.routes` lays them out: `<folder>/<namespace>/<application name>/<template name>.yaml`, with
percent-encoded names, and a first line that says who wrote the file. Links are not followed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote

from iter8_gitops.contracts.cluster import RoutePlace
from iter8_gitops.errors import UnavailableError
from iter8_gitops.spec.resource import Absent, Observation, Resource, ResourceId
from iter8_gitops.spec.yaml import read_documents

_MARK = b"# Written by iter8-gitops for the routemap "
_OBJECT = ("apiVersion", "kind", "metadata")


def look_at_routes(folder: Path, places: Collection[RoutePlace]) -> Mapping[RoutePlace, Observation]:
    """What is written in each of `places` now. Raises `UnavailableError` when the folder cannot be read."""
    try:
        written = {
            (application, found.id): found
            for application in {place.application for place in places}
            for found in _routes_of(folder, application)
        }
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        message = f"the routes in {folder} cannot be read: {reason}"
        raise UnavailableError(message) from error
    return {place: written.get((place.application, place.id)) or _absent(place, folder) for place in places}


def _absent(place: RoutePlace, folder: Path) -> Absent:
    return Absent("NotFound", f"{place.id} is not among the routes in {folder}")


def _routes_of(folder: Path, application: str) -> Iterator[Resource]:
    namespace, _, name = application.partition("/")
    for space in _folders(folder, namespace):
        for own in _folders(space, name):
            for path in sorted(own.glob("*.yaml")):
                if path.is_file() and not path.is_symlink():
                    yield from _route(path.read_bytes())


def _folders(folder: Path, name: str) -> list[Path]:
    if not folder.is_dir():
        return []
    return [each for each in folder.iterdir() if unquote(each.name) == name and each.is_dir() and not each.is_symlink()]


def _route(content: bytes) -> Iterator[Resource]:
    """The object in a file that we wrote, unless somebody has spoiled it since."""
    if not content.startswith(_MARK):
        return
    for document in read_documents("", content).documents:
        manifest = document.data
        if isinstance(manifest, dict) and all(manifest.get(key) for key in _OBJECT):
            metadata = manifest["metadata"]
            if isinstance(metadata, dict):
                group = str(manifest["apiVersion"]).rpartition("/")[0]
                named = (str(metadata.get(key) or "") for key in ("namespace", "name"))
                yield Resource(ResourceId(group, str(manifest["kind"]), *named), manifest)
