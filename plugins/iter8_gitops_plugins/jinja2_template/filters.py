"""The filters of templates: those of Jinja2 that make sense in a manifest, and two that write data."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

import yaml
from jinja2 import Undefined
from jinja2.filters import FILTERS

# Left out: what is for HTML, what is random, and `attr`, which is one more way to reach into objects.
_BUILT_IN = (
    *("abs", "batch", "capitalize", "count", "d", "default", "dictsort", "first", "float", "format", "groupby"),
    *("indent", "int", "items", "join", "last", "length", "list", "lower", "map", "max", "min", "reject"),
    *("rejectattr", "replace", "reverse", "round", "select", "selectattr", "slice", "sort", "string", "sum"),
    *("title", "trim", "truncate", "unique", "upper", "urlencode"),
)


_NOT_IN_YAML = re.compile("[\\x7f-\\x9f\\u2028\\u2029\\ufeff\\ufffe\\uffff]")
"""JSON may hold these in strings as they are; YAML refuses them, or takes them for line breaks."""


def filters() -> dict[str, Callable[..., Any]]:
    """Every filter by its name in templates."""
    return {**{name: FILTERS[name] for name in _BUILT_IN}, "tojson": to_json, "to_yaml": to_yaml}


def to_json(value: object, indent: int | None = None) -> str:
    """JSON in one line, or over several with `indent`. It is YAML as well; nothing is escaped for HTML."""
    written = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent, default=_plain)
    return _NOT_IN_YAML.sub(lambda found: f"\\u{ord(found.group()):04x}", written)


def to_yaml(value: object) -> str:
    """YAML in block style, without the line break at its end, so that `indent` can follow."""
    plain = json.loads(to_json(value))
    written: str = yaml.dump(plain, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)
    return written.removesuffix("...\n").removesuffix("\n")


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, _data: Any) -> bool:
        """Write values in full wherever they occur."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # Elsewhere than in double quotes a next-line character would be read as a line break.
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if _NOT_IN_YAML.search(text) else None)


_Dumper.add_representer(str, _text)


def _plain(value: object) -> object:
    """Loops and filters give iterators where people see lists."""
    if isinstance(value, Undefined):
        return str(value)  # raises the error that names what is missing
    if isinstance(value, Iterable):
        return list(value)
    message = f"a value of type {type(value).__name__} cannot be written as JSON or YAML"
    raise TypeError(message)
