"""Commit messages: what people read, and trailers by which a promotion is found again. Pure."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from iter8_gitops.contracts.notifier import one_line
from iter8_gitops.promotion.plan import Change, Plan

APPLICATION = "Iter8-Application"
VERSION = "Iter8-Version"
SIGNATURE = "Iter8-Signature"
EVIDENCE = "Iter8-Evidence"
REVERTS = "Iter8-Reverts"

_TRAILER = re.compile(r"^(Iter8-[A-Za-z]+): *(\S.*?) *$", re.MULTILINE)
_WIDTH = 100
_LONGEST_EVIDENCE = 500
_MOST_PATHS = 12


@dataclass(frozen=True, slots=True)
class Words:
    """What a person adds to a message: `text` takes the place of the first line and what follows it."""

    text: str = ""
    evidence: str = ""


def promotion_message(plan: Plan, words: Words) -> str:
    """The message of the commit that promotes."""
    head = _head(words.text, f"Promote {plan.version} of {plan.application}")
    trailers = [(APPLICATION, plan.application), (VERSION, plan.version), (SIGNATURE, plan.signature)]
    if words.evidence:
        trailers.append((EVIDENCE, words.evidence))
    return _assembled(head, [*_paragraphs(plan), _on_salt(plan.application)], trailers)


def rollback_message(application: str, undone: Sequence[tuple[str, str, str]], signature: str, words: Words) -> str:
    """The message of the commit that rolls back `undone`: commit, version and subject of promotions, newest first."""
    versions = " and ".join(version for _, version, _ in undone)
    head = _head(words.text, f"Roll back {versions} of {application}")
    reverted = "\n".join(f'This reverts commit {commit} ("{subject}").' for commit, _, subject in undone)
    trailers = [(APPLICATION, application), (SIGNATURE, signature)]
    trailers += [(REVERTS, commit) for commit, _, _ in undone]
    if words.evidence:
        trailers.append((EVIDENCE, words.evidence))
    return _assembled(head, [reverted, _on_salt(application)], trailers)


def trailers_of(message: str) -> dict[str, list[str]]:
    """Our trailers by name. They are found anywhere, because hosts that squash commits put text behind them."""
    found: dict[str, list[str]] = {}
    for name, value in _TRAILER.findall(message):
        found.setdefault(name, []).append(value)
    return found


def _head(text: str, subject: str) -> str:
    # What looks like one of our trailers in it would be taken for one.
    return _TRAILER.sub(r"\1 \2", text.strip().replace("\r\n", "\n")) or one_line(subject, _WIDTH)


def _assembled(head: str, paragraphs: Sequence[str], trailers: Sequence[tuple[str, str]]) -> str:
    last = "\n".join(f"{name}: {one_line(value, _LONGEST_EVIDENCE)}" for name, value in trailers)
    return "\n\n".join([head, *paragraphs, last]) + "\n"


def _paragraphs(plan: Plan) -> Iterator[str]:
    for change in plan.changes:
        name = f"{change.primary.kind} {change.primary.name}"
        if change.changed:
            listed = _filled(f"{name} ({change.path}) gets from {change.candidate.name}: {_listed(change.changed)}.")
        else:
            listed = _filled(f"{name} ({change.path}) has the content of {change.candidate.name} already.")
        kept = f"\n{_filled(f'It keeps: {_listed(change.kept)}.')}" if change.kept else ""
        yield listed + kept
    yield _filled(f"Removed: {', '.join(_removed(plan.changes))}.")
    if plan.primary_signature != plan.signature:
        yield _filled(
            f"The signature of the primary becomes {plan.primary_signature}: what it keeps is part of its content."
        )


def _removed(changes: Sequence[Change]) -> list[str]:
    return [f"{change.candidate.kind} {change.candidate.name} ({change.candidate_path})" for change in changes]


def _on_salt(application: str) -> str:
    return _filled(f"The salt of {application} is renewed, so that its next experiment assigns all users anew.")


def _listed(paths: Sequence[str]) -> str:
    more = len(paths) - _MOST_PATHS
    return ", ".join(paths[:_MOST_PATHS]) + (f" and {more} more" if more > 0 else "")


def _filled(text: str) -> str:
    return textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)
