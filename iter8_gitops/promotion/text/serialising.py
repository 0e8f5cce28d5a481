"""Values as text, where no text of theirs can be taken over."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

from iter8_gitops.spec.scalars import ScalarError, resolve

_PLAIN = re.compile(r"[A-Za-z0-9_./~+-](?:[A-Za-z0-9_./~+@%= -]|:(?=\S))*(?<! )")
_UNSAFE_START = ("- ", "? ", "---", "...")
_FOREVER = 1 << 30
"""A width at which nothing is folded."""


def one_line(value: Any, *, as_json: bool = False) -> str:
    """`value` on one line, fit for any place: in brackets, and after a `:` or a `-`."""
    if isinstance(value, str):
        return _quoted(value, as_json=as_json) if as_json or not _is_plain(value) else value
    if as_json or not isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return f"[{', '.join(one_line(item) for item in value)}]"
    return f"{{{', '.join(f'{one_line(key)}: {one_line(item)}' for key, item in value.items())}}}"


def json_lines(value: Any, indent: str, margin: str) -> str:
    """`value` as JSON in several lines, of which all but the first begin with `margin`."""
    return json.dumps(value, indent=indent, ensure_ascii=False).replace("\n", f"\n{margin}")


def block(value: Any, margin: int, *, of_item: bool = False) -> str:
    """What stands behind a `:` in column `margin`, or behind the `-` of an item, for `value` in block style."""
    if not isinstance(value, (dict, list)) or not value:
        return " " + _scalar(value, margin)
    text = yaml.dump(value, Dumper=_Dumper, sort_keys=False, width=_FOREVER, allow_unicode=True, indent=2).rstrip("\n")
    spaces = " " * (margin + 2)
    lines = f"\n{spaces}".join(text.split("\n"))
    return f" {lines}" if of_item else f"\n{spaces}{lines}"


def _scalar(value: Any, margin: int) -> str:
    if isinstance(value, str) and "\n" in value and (literal := _literal(value, " " * (margin + 2))):
        return literal
    return one_line(value)


def _literal(value: str, spaces: str) -> str:
    """`value` as a literal text, or "" when it cannot be one."""
    body = value.removesuffix("\n")
    lines = body.split("\n")
    if not lines[0].strip() or lines[0].startswith(" ") or body.endswith("\n") or not _is_printable(body):
        return ""
    header = "|" if value != body else "|-"
    return "\n".join([header, *(f"{spaces}{line}" if line else "" for line in lines)])


def _is_plain(text: str) -> bool:
    """Whether the unquoted text means itself, also to those who read YAML by other rules."""
    if not _PLAIN.fullmatch(text) or text.startswith(_UNSAFE_START):
        return False
    try:
        return resolve(text) == text and yaml.safe_load(text) == text
    except (ScalarError, ValueError, yaml.YAMLError):
        return False


def _quoted(text: str, *, as_json: bool) -> str:
    return f'"{"".join(_escaped(letter, as_json=as_json) for letter in text)}"'


def _escaped(letter: str, *, as_json: bool) -> str:
    if letter.isprintable() or letter < " ":
        return json.dumps(letter, ensure_ascii=False)[1:-1]
    if letter <= "\uffff":
        return f"\\u{ord(letter):04x}"
    # JSON's escapes for characters above 16 bits are no YAML.
    return json.dumps(letter)[1:-1] if as_json else f"\\U{ord(letter):08x}"


def _is_printable(text: str) -> bool:
    return all(letter.isprintable() or letter == "\n" for letter in text)


_TEXT = "tag:yaml.org,2002:str"


class _Dumper(yaml.SafeDumper):
    """Quotes whatever a reader might take for something else, and indents lists below their keys."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        """As in the base class, but for lists."""
        super().increase_indent(flow, False)

    def ignore_aliases(self, _data: Any) -> bool:
        """Write everything out."""
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "" if _is_plain(text) else '"'
    if "\n" in text and _literal(text, ""):
        style = "|"
    return dumper.represent_scalar(_TEXT, text, style=style)


def _represent_float(dumper: yaml.SafeDumper, number: float) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:float", json.dumps(number))


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(float, _represent_float)
