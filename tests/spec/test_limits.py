"""Hostile files are refused before they cost anything."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from iter8_gitops.spec.documents import MAX_NODES
from iter8_gitops.spec.yaml import read_documents
from tests.spec.builders import HEADER, decode, said, seed

MIB = 2**20
TOO_MANY = f"more than {MAX_NODES} values, counting all that aliases repeat"
GENEROUS_SECONDS = 20
"""For a noisy machine; each of these takes well under two, and would take hours or all memory without limits."""


def billion_laughs(depth: int = 12, width: int = 9) -> bytes:
    lines = [f"a0: &a0 [{', '.join(['lol'] * width)}]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * width)}]" for i in range(1, depth)]
    return "\n".join(lines).encode()


def merging_laughs(depth: int = 30) -> bytes:
    lines = ["a0: &a0 {k: {k: v}}"]
    lines += [f"a{i}: &a{i} {{x: *a{i - 1}, <<: *a{i - 1}, y: *a{i - 1}}}" for i in range(1, depth)]
    return "\n".join(lines).encode()


def repeated_routemaps() -> bytes:
    text = "versions:\n" + "# a comment that costs nothing but time\n" * 5_000
    items = ["- {data: {strSpec: *s}}"] * 2_000
    return ("s: &s |\n  " + text.replace("\n", "\n  ") + "\nitems:\n" + "\n".join(items)).encode()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (billion_laughs(), f"6:40: {TOO_MANY}"),
        (merging_laughs(), TOO_MANY),
        (repeated_routemaps(), TOO_MANY),
        (b"[" + b"0," * (2 * MIB - 2) + b"]", TOO_MANY),
        (b"---\n" * MIB, TOO_MANY),
        (b"[" * (4 * MIB), "1:65: nested deeper than 64 levels"),
        (b"{a: " * MIB, "1:257: nested deeper than 64 levels"),
        (b"- " * (2 * MIB), "1:129: nested deeper than 64 levels"),
        (b"".join(b"%%TAG !a%d! b\n" % i for i in range(200_000)) + b"--- a", "101:1: too many %TAG lines"),
        (b"a: 1\n" * 500_000, "22:1: too many problems: the rest is not read"),
        (b"? " * MIB, "nested deeper than 64 levels"),
        (b"&a " * MIB, "not valid YAML"),
        (b"'" + b"a\n" * MIB, "not valid YAML"),
    ],
    ids=[
        "billion laughs", "merging laughs", "long text repeated", "huge list", "documents", "brackets", "braces",
        "dashes", "tag directives", "duplicates", "questions", "anchors", "open quote",
    ],
)  # fmt: skip
def test_a_bomb_is_refused_quickly(content: bytes, problem: str) -> None:
    start = time.monotonic()

    found = said(read_documents("a.yaml", content).problems)

    assert time.monotonic() - start < GENEROUS_SECONDS
    assert problem in found[-1]


def test_a_bomb_costs_little_memory() -> None:
    content = billion_laughs()
    tracemalloc.start()
    try:
        read_documents("a.yaml", content)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 2 * MIB


def test_depth_is_counted_through_aliases() -> None:
    deep = "a: &a " + "[" * 40 + "]" * 40
    found = read_documents("a.yaml", f"{deep}\nb: [[[*a]]]\nc: {'[' * 30}*a{']' * 30}".encode())

    assert said(found.problems) == ["3:34: nested deeper than 64 levels"]


def test_nesting_up_to_the_limit_is_fine() -> None:
    assert read_documents("a.yaml", b"[" * 64 + b"]" * 64).problems == ()


def test_the_texts_inside_routemaps_count_towards_the_limit_of_their_file() -> None:
    bomb = "x: &x [" + "1, " * 50_000 + "]\ny: [*x, *x, *x]"
    one = seed("backend-routemap").partition("    versions:")[0] + "    " + bomb.replace("\n", "\n    ")

    found = decode("\n---\n".join([one] * 40))

    assert any(TOO_MANY in problem for problem in said(found.problems))
    assert found.routemaps == ()


def test_a_routemap_with_countless_mistakes_is_told_of_the_first_hundred() -> None:
    start = time.monotonic()
    wrong = "{" + ", ".join(f"nmae{i}: 1" for i in range(50)) + "}"
    text = f"{HEADER}spec:\n  versions:\n  - &v\n    resources: [&r {wrong}{', *r' * 4_000}]\n"

    found = decode(text).problems

    assert time.monotonic() - start < GENEROUS_SECONDS
    assert len(found) == 100
    assert found[-1].message == "more problems follow"


def test_a_file_of_four_mebibytes_full_of_routemaps_is_decoded() -> None:
    one = seed("backend-routemap")
    text = "---\n".join(one.replace("name: backend\n", f"name: backend-{i}\n") for i in range(8_000))
    start = time.monotonic()

    found = decode(text)

    assert 3 * MIB < len(text) < 4 * MIB
    assert found.problems == ()
    assert len(found.routemaps) == 8_000
    assert time.monotonic() - start < 3 * GENEROUS_SECONDS
