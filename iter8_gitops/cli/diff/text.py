"""Differences as text for people: a block for each routemap, and one line that sums up."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import click

from iter8_gitops.cli.diff.sentences import content_sentences, moved_sentence, version_label, weight_sentence
from iter8_gitops.runtime.foresight.changes import (
    DIFFERENCES,
    NOTHING,
    Change,
    Differences,
    FieldDifference,
    RouteDifference,
    RoutemapDifference,
)
from iter8_gitops.spec.wording import abridged

Row = tuple[str, str]
"""A label and what is said; the label is "" in a row that goes on with the one above."""

_COLOURS = {Change.ADDED: "green", Change.CHANGED: "yellow", Change.PRUNED: "red"}
"""For terminals; elsewhere `click.echo` takes them out."""

_LONGEST_LABEL = 24


def text(found: Differences) -> str:
    """All that differs, and how much stays."""
    different = [each for each in found.routemaps if each.change in DIFFERENCES]
    blocks = [(each, list(_rows(each))) for each in different]
    labels = [len(label) for _, rows in blocks for label, _ in rows]
    width = min(max(labels, default=0), _LONGEST_LABEL)
    names = max((len(each.application) for each in different), default=0)
    parts = ["\n".join([_heading(each, names), *_lines(rows, width)]) for each, rows in blocks]
    return "\n\n".join([*parts, _summary(found)])


def _heading(each: RoutemapDifference, width: int) -> str:
    name = click.style(each.application, bold=True) + " " * (width - len(each.application))
    change = click.style(f"{each.change.value:<7}", fg=_COLOURS[each.change], bold=True)
    return f"{name}  {change}  {each.path}".rstrip()


def _lines(rows: Sequence[Row], width: int) -> Iterator[str]:
    for label, said in rows:
        yield f"  {label:<{width}}  {said}".rstrip()


def _rows(each: RoutemapDifference) -> Iterator[Row]:
    before, after = each.before, each.after
    if after is None:
        yield "users", "get no answer any more"
    else:
        if each.kept:
            yield "stays", f"as it was last declared: {each.kept}"
        if said := weight_sentence(before, after):
            yield "weights", said
        if before is not None and before.salt != after.salt:
            yield "salt", f"{json.dumps(before.salt)} -> {json.dumps(after.salt)}: users are assigned anew"
        yield from _labelled("targeting", each.targeting)
        yield from _labelled("plan", each.plan)
        if before is not None and (each.targeting or (before.weights, before.salt) != (after.weights, after.salt)):
            yield "users", moved_sentence(each.moved, more=each.unforeseen)
        if before is not None:
            for version in each.versions:
                yield from _labelled(version_label(version), content_sentences(version))
    for route in each.routes:
        yield from _labelled("route", _route(route))
    waiting = [v for v in (after.versions if after is not None else ()) if not v.settled]
    yield from _labelled("waits for", [f"{v.name}: {v.message}" for v in waiting])


def _labelled(label: str, sentences: Sequence[str]) -> Iterator[Row]:
    for position, said in enumerate(sentences):
        yield (label if position == 0 else ""), said


def _route(route: RouteDifference) -> list[str]:
    """What becomes of a route, then its fields; nothing when it stays."""
    if route.change is Change.UNCHANGED and not route.note:
        return []
    name = f"{route.id.kind} {route.id.namespace}/{route.id.name}" if route.id is not None else route.template
    happens = {
        Change.ADDED: "is added",
        Change.CHANGED: "changes",
        Change.PRUNED: "is removed",
        Change.UNCHANGED: "stays as it is",
        Change.UNKNOWN: "is not compared",
    }[route.change]
    lines = [f"{name} {happens}: {route.note}" if route.note else f"{name} {happens}"]
    lines += [f"  {_field(field)}" for field in route.fields]
    if route.more:
        lines.append(f"  and {route.more} more {'fields' if route.more > 1 else 'field'}")
    return lines


def _field(field: FieldDifference) -> str:
    return f"{field.path}: {_value(field.before)} -> {_value(field.after)}"


def _value(value: Any) -> str:
    if value is NOTHING:
        return "(none)"
    written = value if isinstance(value, str) and value.isprintable() and value else json.dumps(value, default=str)
    return abridged(written)


def _summary(found: Differences) -> str:
    counts = found.counts()
    told = [
        (counts[Change.CHANGED], "changes", "change"),
        (counts[Change.ADDED], "is added", "are added"),
        (counts[Change.PRUNED], "is pruned", "are pruned"),
    ]
    stays = (counts[Change.UNCHANGED], "stays as it is", "stay as they are")
    parts = [part for part in (*told, stays) if part[0]]
    if not parts:
        return "no differences: there are no routemaps"
    first, *others = parts
    said = f"{first[0]} {'routemap' if first[0] == 1 else 'routemaps'} {first[1] if first[0] == 1 else first[2]}"
    said = ", ".join([said, *(f"{count} {one if count == 1 else many}" for count, one, many in others)])
    return said if found.any else f"no differences: {said}"
