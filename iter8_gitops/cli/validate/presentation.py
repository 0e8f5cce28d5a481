"""Problems as lines for people, and as JSON for scripts."""

from __future__ import annotations

from typing import Any

from iter8_gitops.cli.validate.checking import Findings
from iter8_gitops.spec.problem import Problem


def as_line(problem: Problem) -> str:
    """`file:line:column: problem (hint)`, without line breaks."""
    return " ".join(str(problem).splitlines())


def as_json(findings: Findings) -> dict[str, Any]:
    """Every problem, and how many routemaps there are."""
    return {
        "problems": [
            {
                "file": problem.file,
                "line": problem.line,
                "column": problem.column,
                "message": problem.message,
                "hint": problem.hint,
                "application": problem.application,
            }
            for problem in findings.problems
        ],
        "routemaps": findings.routemaps,
    }


def summary(findings: Findings) -> str:
    """How much was checked, and what came of it."""
    return f"{_plural(findings.routemaps, 'routemap')} checked, {_plural(len(findings.problems), 'problem')}"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
