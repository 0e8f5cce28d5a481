"""What is wrong with the Kubernetes objects that routemaps name, as far as their manifests tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from iter8_gitops.cluster.catalogue import Catalogue
from iter8_gitops.core.weights import MAX_WEIGHT, annotated_weight
from iter8_gitops.spec.complaints import Complaint
from iter8_gitops.spec.documents import Step
from iter8_gitops.spec.files import DecodedResource
from iter8_gitops.spec.resource import WATCH_LABEL, WEIGHT_ANNOTATION, Absent
from iter8_gitops.spec.routemap import Routemap
from iter8_gitops.spec.wording import abridged

_HINTS = {
    "NotFound": "correct the name, or give the path of its manifest, too",
    "NotWatched": f'write {WATCH_LABEL}: "true" below metadata.labels of the object',
}


@dataclass(frozen=True, slots=True)
class Unseen:
    """A resource that the controller would not see: its path in the spec of the routemap, why, and what to do."""

    path: tuple[Step, ...]
    message: str
    hint: str


def weight_complaint(decoded: DecodedResource) -> Complaint | None:
    """What is wrong with the weight that an object's annotation asks for."""
    if not isinstance(annotated_weight(decoded.resource), str):
        return None
    path = ("metadata", "annotations", WEIGHT_ANNOTATION)
    written = abridged(str(decoded.resource.annotations[WEIGHT_ANNOTATION]))
    hint = f'write a whole number from 0 to {MAX_WEIGHT} in quotes, such as "10"'
    return Complaint(path, f"is no weight: `{written}`", hint)


def unseen(routemap: Routemap, catalogue: Catalogue) -> Iterator[Unseen]:
    """The resources of `routemap` that are not in `catalogue`, or not labelled."""
    for number, version in enumerate(routemap.versions):
        for index, resource in enumerate(version.resources):
            found = catalogue.find(resource)
            if isinstance(found, Absent):
                path = ("versions", number, "resources", index)
                yield Unseen(path, found.message, _HINTS.get(found.reason, ""))


def catalogue_of(files: Mapping[str, Sequence[DecodedResource]]) -> Catalogue:
    """All objects of `files` (path -> objects)."""
    catalogue = Catalogue()
    catalogue.replace(files)
    return catalogue
