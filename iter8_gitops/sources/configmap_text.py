"""ConfigMaps as YAML text, line by line as `kubectl get configmap NAME -o yaml` prints them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from iter8_gitops.spec.scalars import ScalarError, resolve

_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_LITERAL = re.compile(
    "(?![ \t\n])[\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]+"
)
"""What a literal block can hold as it is, without a hint at its indentation."""

_OLD_BREAKS = re.compile("[\x85\u2028\u2029]")
"""Line breaks of YAML 1.1 alone: the emitter ends no line of a block after one of them."""

_KEY = re.compile(r"[-._a-zA-Z0-9]{1,100}")
_HELD_PLACE = re.compile(r"^  (\S+): 0\n", re.MULTILINE)
"""Stands for a literal block. No other line looks like this: data are texts, and `0` as a text is quoted."""


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]  # which one is known at run time
    """Quotes what Kubernetes, though not PyYAML, would read as something else than text."""

    def ignore_aliases(self, _data: object) -> bool:
        """Write out what occurs twice."""
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # The emitter quotes a text of several lines all the same, where it thinks that it must.
    if _OLD_BREAKS.search(text):
        style: str | None = '"'
    elif "\n" in text:
        style = "|"
    else:
        style = None if _stays_text(text) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def config_map_text(manifest: Mapping[str, Any]) -> bytes:
    """The YAML text of a ConfigMap, such that positions in it are positions in what kubectl prints.

    Two things are not as kubectl has them. Every text of several lines in `data` is a literal block, if YAML allows
    it: kubectl prints one with tabs, or with spaces at the ends of lines, as one quoted text, in which no position
    would say anything. And what is kept there for others (managed fields, the configuration that kubectl applied
    last) is left out; where kubectl prints lines of it, there are comments.
    """
    data = _mapping(manifest.get("data"))
    blocks = {name: text for name, text in data.items() if _KEY.fullmatch(name) and _fits_literal(text)}
    shown = {**manifest, "metadata": _metadata(_mapping(manifest.get("metadata")))}
    if blocks:
        shown["data"] = {**data, **dict.fromkeys(blocks, 0)}
    text: str = yaml.dump(shown, Dumper=_Dumper, default_flow_style=False, allow_unicode=True)
    in_order = iter([blocks[name] for name in sorted(blocks)])
    text = _HELD_PLACE.sub(lambda place: f"  {place[1]}: {_literal(next(in_order))}", text, count=len(blocks))
    return text.replace(f"\n    {_LAST_APPLIED}: 0\n", f"\n    # {_LAST_APPLIED}\n    #\n", 1).encode()


def _metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    shown = {key: value for key, value in metadata.items() if key != "managedFields"}
    annotations = _mapping(metadata.get("annotations"))
    if _LAST_APPLIED in annotations:
        shown["annotations"] = {**annotations, _LAST_APPLIED: 0}
    return shown


def _fits_literal(text: object) -> bool:
    return isinstance(text, str) and "\n" in text and _LITERAL.fullmatch(text) is not None


def _literal(text: str) -> str:
    """A literal block from its `|` on, indented by four."""
    body = text.rstrip("\n")
    breaks = len(text) - len(body)
    lines = "".join(f"    {line}\n" if line else "\n" for line in body.split("\n"))
    return f"|{('-', '', '+')[min(breaks, 2)]}\n{lines}" + "\n" * (breaks - 1)


def _stays_text(text: str) -> bool:
    try:
        return isinstance(resolve(text), str)
    except ScalarError:
        return False


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
