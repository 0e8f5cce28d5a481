"""What is wrong with an answer to `readiness`, `signature_content` or `related_resources`, in a sentence. Pure."""

from __future__ import annotations

import re

from iter8_gitops.hooks import ReadinessState, ResourceId
from iter8_gitops.hooks.answers import MOST_RELATED, PLUGIN_ERROR, Answer, verdict
from iter8_gitops.spec.content import json_flaw

_CAMEL_CASE = re.compile(r"[A-Z][A-Za-z0-9]*", re.ASCII)
_LONGEST_REASON = 100
_LONGEST_MESSAGE = 2000
_MAY_SERVE = frozenset({ReadinessState.READY, ReadinessState.PROGRESSING, ReadinessState.FAILED})

NOT_A_NUMBER = "which JSON cannot say"
"""How the flaw of a content ends that holds a NaN or an infinity, which only YAML can bring into an object."""


def readiness_flaw(answer: Answer) -> str:
    """Why a verdict cannot be used; "" when it can be."""
    found = verdict(answer).readiness
    if found.reason == PLUGIN_ERROR:
        return found.message
    if not _CAMEL_CASE.fullmatch(found.reason) or len(found.reason) > _LONGEST_REASON:
        return f"the reason {found.reason!r:.120} is not one CamelCase word (a reported reason belongs in the message)"
    if not found.message.isprintable() or len(found.message) > _LONGEST_MESSAGE:
        return (
            f"the message {found.message!r:.120} is longer than {_LONGEST_MESSAGE} characters or cannot be printed "
            "(pass what objects say through iter8_gitops.hooks.text)"
        )
    if not all(field and field.isprintable() for field in found.fields):
        return f"one of the fields {found.fields!r:.200} is empty or cannot be printed"
    if found.state is ReadinessState.READY and not found.servable:
        return "it is ready, so it must be servable"
    if found.servable and found.state not in _MAY_SERVE:
        return f"it is {found.state}, so it must not be servable"
    return ""


def content_flaw(answer: Answer) -> str:
    """Why a content is no JSON; "" when it is."""
    try:
        return json_flaw(answer.value) or ""
    except RecursionError:
        return "it is nested too deeply"


def related_flaw(answer: Answer, own: ResourceId) -> str:
    """Why related resources cannot be used; "" when they can be."""
    listed = answer.value
    if not isinstance(listed, (list, tuple)):
        return f"the answer is of type {type(listed).__name__}, not a list or a tuple"
    if not all(isinstance(each, ResourceId) for each in listed):
        return "not everything in it is a ResourceId"
    if len(listed) > MOST_RELATED:
        return f"there are {len(listed)} of them, and at most {MOST_RELATED} count"
    if own in listed:
        return "the object names itself"
    parts = [part for each in listed for part in (each.group, each.kind, each.namespace, each.name)]
    return "" if all(isinstance(part, str) for part in parts) else "some part of a ResourceId is not text"
