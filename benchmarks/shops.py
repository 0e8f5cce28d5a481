"""Files with a routemap and the two objects that it names."""

from __future__ import annotations

from pathlib import Path

_ROUTEMAP = """\
apiVersion: iter8.tools/v1
kind: Routemap
metadata: {{name: app-{n}, namespace: shop}}
spec:
  versions:
    - {{weight: {weight}, resources: [{{gvrShort: cm, name: app-{n}-0}}]}}
    - {{resources: [{{gvrShort: cm, name: app-{n}-1}}]}}
"""
_OBJECT = """\
apiVersion: v1
kind: ConfigMap
metadata: {{name: app-{n}-{index}, namespace: shop, labels: {{iter8.tools/watch: "true"}}}}
data: {{value: "1"}}
"""


def application(number: int) -> str:
    """The name of the application in file `number`."""
    return f"shop/app-{number}"


def write_shop(folder: Path, number: int, weight: int = 1) -> Path:
    """Write file `number` into `folder`, where `weight` is that of the primary; the candidate's is 1."""
    objects = [_OBJECT.format(n=number, index=index) for index in (0, 1)]
    path = folder / f"app-{number:05d}.yaml"
    path.write_text("---\n".join([_ROUTEMAP.format(n=number, weight=weight), *objects]), encoding="utf-8")
    return path
