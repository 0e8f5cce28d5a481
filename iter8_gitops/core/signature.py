"""Signatures: short digests of what a version consists of, so that metrics are credited to content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

_DIGITS = 16
"""64 bits: the chance that two of a million contents collide is below 1e-7."""


def digest(content: Any) -> str:
    """The digest of a JSON value: the same for equal values, whatever the order of their keys.

    16 hexadecimal digits of the SHA-256 of the value as JSON with sorted keys and no white space.
    """
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def version_signature(contents: Sequence[tuple[str, str, str]]) -> str:
    """The signature of a version from (group, kind, content digest) of each of its resources, in order.

    Names take no part: when a candidate's content is promoted into the primary's resources, the
    primary shows the signature that the candidate had.
    """
    return digest([list(content) for content in contents])
