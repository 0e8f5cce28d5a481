"""Problems as SARIF 2.1.0, in the part of it that code scanning services read."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from iter8_gitops import __version__
from iter8_gitops.cli.validate.sarif_rules import RULES, rule_of
from iter8_gitops.spec.problem import Problem

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
FINGERPRINT = "problemHash/v1"

_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""What ends a line in YAML."""

_NUMBER = re.compile("[0-9]+")


def sarif_log(problems: Sequence[Problem], contents: Mapping[str, bytes], folder: Path) -> dict[str, Any]:
    """The problems of files with these `contents` (by path). Paths are told relative to `folder`."""
    driver = {
        "name": "iter8-gitops",
        "version": __version__,
        "rules": [rule.descriptor() for rule in RULES],
    }
    regions = _Regions(contents)
    seen: Counter[str] = Counter()
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "utf16CodeUnits",
                "results": [_result(problem, regions, folder, seen) for problem in problems],
            }
        ],
    }


def _result(problem: Problem, regions: _Regions, folder: Path, seen: Counter[str]) -> dict[str, Any]:
    rule, uri = rule_of(problem.code), _uri(problem.file, folder)
    told = f"{problem.message} ({problem.hint})" if problem.hint else problem.message
    place = {"artifactLocation": {"uri": uri}, "region": regions.region(problem)}
    return {
        "ruleId": rule.id,
        "ruleIndex": RULES.index(rule),
        "level": "error",
        "message": {"text": told},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {FINGERPRINT: _fingerprint(problem, rule.id, uri, seen)},
    }


def _fingerprint(problem: Problem, rule: str, uri: str, seen: Counter[str]) -> str:
    """The same for the same problem after an edit elsewhere.

    It does not depend on lines, nor on numbers in the message, which may be lines and indices. Problems that
    differ in nothing else are numbered.
    """
    parts = (rule, uri, problem.application or "", _NUMBER.sub("#", problem.message))
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
    seen[digest] += 1
    return f"{digest}:{seen[digest]}"


def _uri(file: str, folder: Path) -> str:
    """A relative URI for a file below `folder`, else an absolute one. Links are followed: services show none."""
    path = Path(os.path.abspath(folder / file))  # noqa: PTH100 (a link that leads away is named itself)
    real = path.resolve() if path.exists() else path
    for each, base in ((real, folder.resolve()), (path, folder)):
        if each.is_relative_to(base):
            return quote(each.relative_to(base).as_posix())
    return path.as_uri()


class _Regions:
    """The places of problems, with columns as SARIF's readers count them: in units of UTF-16."""

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        self._contents = contents
        self._lines: dict[str, list[str]] = {}

    def region(self, problem: Problem) -> dict[str, int]:
        """From the problem's column to the end of its line."""
        line = max(problem.line, 1)
        text = self._line(problem.file, line)
        start = _units(text[: max(problem.column - 1, 0)]) + 1
        return {
            "startLine": line,
            "startColumn": start,
            "endLine": line,
            "endColumn": max(_units(text.rstrip()) + 1, start + 1),
        }

    def _line(self, file: str, line: int) -> str:
        if file not in self._lines:
            text = self._contents.get(file, b"").decode("utf-8", "replace").removeprefix("\ufeff")
            self._lines[file] = _LINE_BREAK.split(text)
        lines = self._lines[file]
        return lines[line - 1] if line <= len(lines) else ""


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
