"""A new salt for a routemap, in either form. Pure."""

from __future__ import annotations

import json
from typing import Any

from iter8_gitops.core.signature import digest
from iter8_gitops.promotion.text.editing import Place, Wish, edited
from iter8_gitops.promotion.text.pieces import FileText, NotEditableError, file_text
from iter8_gitops.spec.forms import Form, recognise

_DIGITS = 8


def next_salt(application: str, salt: str, event: str) -> str:
    """The salt that follows `salt` after `event`: always another one, and the same when it is asked for again."""
    return digest([application, salt, event])[:_DIGITS]


def salt_wish(text: FileText, place: Place, salt: str) -> Wish:
    """What to wish for so that the routemap at `place` has this salt. Raises `NotEditableError`."""
    piece = text.documents[place.document].piece.at(*place.path)
    data = piece.data
    if recognise(data) is Form.CONFIG_MAP:
        spec_text = data["data"]["strSpec"]
        embedded = file_text("strSpec.json" if _is_json(spec_text) else "strSpec.yaml", spec_text.encode("utf-8"))
        spec = with_salt(embedded.documents[0].piece.data, salt)
        written = edited(embedded, [Wish(Place(0), spec)]).decode("utf-8")
        return Wish(Place(place.document, (*place.path, "data", "strSpec")), written)
    return Wish(Place(place.document, (*place.path, "spec")), with_salt(data["spec"], salt))


def with_salt(spec: Any, salt: str) -> dict[str, Any]:
    """A spec of a routemap with another salt."""
    if not isinstance(spec, dict):
        raise NotEditableError("its spec is no mapping")
    assignment = spec.get("assignment")
    return {**spec, "assignment": {**(assignment if isinstance(assignment, dict) else {}), "salt": salt}}


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
