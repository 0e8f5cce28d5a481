"""Short ways to say what tests of decoding are about."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from iter8_gitops.spec.documents import Document
from iter8_gitops.spec.files import FileContents, decode_file
from iter8_gitops.spec.kinds import KindTable
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.resource import ResourceKind
from iter8_gitops.spec.routemap import Routemap
from iter8_gitops.spec.tree import SourceFile
from iter8_gitops.spec.yaml import read_documents

TESTDATA = Path(__file__).parent / "testdata"

KINDS = KindTable(
    [
        ResourceKind("", "v1", "Service", "services", ("svc", "service")),
        ResourceKind("", "v1", "ConfigMap", "configmaps", ("cm",)),
        ResourceKind("apps", "v1", "Deployment", "deployments", ("deploy",)),
        ResourceKind("serving.kserve.io", "v1beta1", "InferenceService", "inferenceservices", ("isvc",)),
    ]
)

HEADER = """\
apiVersion: iter8.tools/v1
kind: Routemap
metadata:
  name: shop
"""
"""Four lines in front of a native spec."""

GOOD = "  versions: [{resources: [{gvrShort: svc, name: a}]}]"
"""Versions without a mistake."""


def decode(text: str | bytes, *, namespace: str | None = None, path: str = "a.yaml") -> FileContents:
    content = text if isinstance(text, bytes) else text.encode()
    return decode_file(SourceFile(path, "digest", content), KINDS, namespace)


def routemap(text: str, *, namespace: str | None = None) -> Routemap:
    """The only thing in `text`, which must be a valid routemap."""
    contents = decode(text, namespace=namespace)
    assert told(contents.problems) == []
    (decoded,) = contents.routemaps
    return decoded.routemap


def document(text: str) -> Document:
    """The only document in `text`, which must be valid YAML."""
    reading = read_documents("a.yaml", text.encode())
    assert told(reading.problems) == []
    (only,) = reading.documents
    return only


def told(problems: Iterable[Problem]) -> list[str]:
    """Problems as people read them, without the file's name."""
    return [str(problem).removeprefix("a.yaml:") for problem in problems]


def said(problems: Iterable[Problem]) -> list[str]:
    """Problems without their hints: `line:column: message`."""
    return [f"{problem.line}:{problem.column}: {problem.message}" for problem in problems]


def seed(name: str) -> str:
    """A manifest of the A/B tutorial, byte for byte."""
    return (TESTDATA / f"{name}.yaml").read_text(encoding="utf-8")
