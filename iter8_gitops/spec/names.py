"""The names that Kubernetes allows (RFC 1123: subdomains for objects, labels for namespaces)."""

from __future__ import annotations

import re

LONGEST_NAME, LONGEST_NAMESPACE, LONGEST_KIND = 253, 63, 63
LONGEST_API_VERSION = 2 * LONGEST_NAME

NAMESPACE_PATTERN = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
NAME_PATTERN = rf"{NAMESPACE_PATTERN}(?:\.{NAMESPACE_PATTERN})*"
API_VERSION_PATTERN = rf"(?:{NAME_PATTERN}/)?v[0-9][a-z0-9]*"
KIND_PATTERN = r"[A-Za-z](?:[-A-Za-z0-9]*[A-Za-z0-9])?"

_LETTERS = "lower-case letters, digits"
_ENDS = "with a letter or digit at both ends"
NAME_RULE = f"use up to {LONGEST_NAME} {_LETTERS}, '-' and '.', {_ENDS}"
NAMESPACE_RULE = f"use up to {LONGEST_NAMESPACE} {_LETTERS}, '-', {_ENDS}"

_NAME = re.compile(NAME_PATTERN)
_NAMESPACE = re.compile(NAMESPACE_PATTERN)
_API_VERSION = re.compile(API_VERSION_PATTERN)
_KIND = re.compile(KIND_PATTERN)


def is_name(text: str) -> bool:
    """Whether `text` can name an object."""
    return len(text) <= LONGEST_NAME and _NAME.fullmatch(text) is not None


def is_namespace(text: str) -> bool:
    """Whether `text` can name a namespace."""
    return len(text) <= LONGEST_NAMESPACE and _NAMESPACE.fullmatch(text) is not None


def is_kind(text: str) -> bool:
    """Whether `text` can name a kind."""
    return len(text) <= LONGEST_KIND and _KIND.fullmatch(text) is not None


def is_api_version(text: str) -> bool:
    """Whether `text` is `version` or `group/version`."""
    return len(text) <= LONGEST_API_VERSION and _API_VERSION.fullmatch(text) is not None


def group_of(api_version: str) -> str:
    """The API group of an `apiVersion`; `""` for the core group."""
    return api_version.rpartition("/")[0]


def name_hint(wrong: str) -> str:
    """What a name must look like, with a suggestion where one can be made."""
    return _hint(wrong, NAME_RULE, is_name(_mended(wrong, ".")) and _mended(wrong, "."))


def namespace_hint(wrong: str) -> str:
    """What a namespace must look like, with a suggestion where one can be made."""
    return _hint(wrong, NAMESPACE_RULE, is_namespace(_mended(wrong, "")) and _mended(wrong, ""))


def _mended(wrong: str, also: str) -> str:
    if len(wrong) > LONGEST_NAME:
        return ""
    return re.sub(rf"[^-a-z0-9{also}]+", "-", wrong.lower()).strip("-.")


def _hint(wrong: str, rule: str, mended: str | bool) -> str:
    return f"did you mean `{mended}`? {rule}" if mended and wrong else rule
