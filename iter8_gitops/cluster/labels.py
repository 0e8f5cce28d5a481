"""What is wrong with the watch label of an object, in words for people."""

from __future__ import annotations

from iter8_gitops.spec.resource import WATCH_LABEL, Resource


def label_complaint(resource: Resource) -> str:
    """Completes "... is there, but" for an object that is not watched."""
    value = resource.labels.get(WATCH_LABEL)
    if value is None:
        return f'lacks the label {WATCH_LABEL}: "true"'
    return f'its label {WATCH_LABEL} is {value!r} and not the string "true"'
