"""What a promotion would do to a tree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from iter8_gitops.spec.resource import ResourceId


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one object of the primary, at `path`.

    `changed` are the places in its manifest that change, and `kept` those where the candidate's manifest, which was
    at `candidate_path`, has something else.
    """

    primary: ResourceId
    candidate: ResourceId
    path: str
    candidate_path: str
    changed: tuple[str, ...]
    kept: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A promotion, ready to be committed.

    `files` are the new contents by path, None for a file that goes. `signature` is that of the candidate, and
    `primary_signature` the one that the primary has afterwards; it is another one when labels or names that the
    primary keeps are part of its content. `notes` are for a person to look at.
    """

    application: str
    version: str
    changes: tuple[Change, ...]
    routemap_path: str
    files: Mapping[str, bytes | None]
    signature: str
    primary_signature: str
    notes: tuple[str, ...]
