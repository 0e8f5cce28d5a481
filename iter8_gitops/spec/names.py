"""The names that Kubernetes allows (RFC 1123: subdomains for objects, labels for namespaces)."""

from __future__ import annotations

import re

_LONGEST_NAME, _LONGEST_NAMESPACE = 253, 63
_LABEL = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_NAMESPACE = re.compile(_LABEL)
_API_VERSION = re.compile(rf"(?:({_LABEL}(?:\.{_LABEL})*)/)?v[0-9][a-z0-9]*")
_KIND = re.compile(r"[A-Za-z](?:[-A-Za-z0-9]*[A-Za-z0-9])?")


def is_name(text: str) -> bool:
    """Whether `text` can name an object."""
    return len(text) <= _LONGEST_NAME and _NAME.fullmatch(text) is not None


def is_namespace(text: str) -> bool:
    """Whether `text` can name a namespace."""
    return len(text) <= _LONGEST_NAMESPACE and _NAMESPACE.fullmatch(text) is not None


def is_kind(text: str) -> bool:
    """Whether `text` can name a kind."""
    return len(text) <= _LONGEST_NAMESPACE and _KIND.fullmatch(text) is not None


def is_api_version(text: str) -> bool:
    """Whether `text` is `version` or `group/version`."""
    return len(text) <= 2 * _LONGEST_NAME and _API_VERSION.fullmatch(text) is not None


def group_of(api_version: str) -> str:
    """The API group of an `apiVersion`; `""` for the core group."""
    return api_version.rpartition("/")[0]


def name_hint(wrong: str) -> str:
    """What a name must look like, with a suggestion where one can be made."""
    return _hint(wrong, _LONGEST_NAME, "'-' and '.'", is_name(_mended(wrong, ".")) and _mended(wrong, "."))


def namespace_hint(wrong: str) -> str:
    """What a namespace must look like, with a suggestion where one can be made."""
    return _hint(wrong, _LONGEST_NAMESPACE, "'-'", is_namespace(_mended(wrong, "")) and _mended(wrong, ""))


def _mended(wrong: str, also: str) -> str:
    if len(wrong) > _LONGEST_NAME:
        return ""
    return re.sub(rf"[^-a-z0-9{also}]+", "-", wrong.lower()).strip("-.")


def _hint(wrong: str, longest: int, marks: str, mended: str | bool) -> str:
    rule = f"use up to {longest} lower-case letters, digits, {marks}, with a letter or digit at both ends"
    return f"did you mean `{mended}`? {rule}" if mended and wrong else rule
