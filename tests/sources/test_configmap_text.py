"""The YAML text of a ConfigMap: what was stored can be read from it, at the places where kubectl prints it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from iter8_gitops.sources.configmap_text import config_map_text
from iter8_gitops.spec.yaml import read_documents, read_embedded

KEYS = st.from_regex(r"[-._a-zA-Z0-9]{1,130}", fullmatch=True)
LINES = st.text(st.sampled_from(" \t-:#'\"{}[]&*!|>%@`,?x0\\é\u2028\x85\ufeff😀"), max_size=6)
TEXT = st.lists(LINES, max_size=6).map("\n".join) | st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def config_map(data: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "shop", "namespace": "default", "resourceVersion": "12", "uid": "u-1", **metadata},
        "data": data,
    }


def read(text: bytes) -> Any:
    reading = read_documents("configmap/default/shop", text)
    assert reading.problems == ()
    (document,) = reading.documents
    return document.data


@given(st.dictionaries(KEYS, TEXT, max_size=4), st.dictionaries(KEYS, TEXT, max_size=2))
@example({"a": "1e3", "on": "y", "0x1f": "0b1", "null": "~", "x": "12:30:45", ".inf": "-.Inf"}, {})
@example({"a": "x\n", "b": "x\n\n\n", "c": "x\n  ", "d": "\nx\n", "e": " x\ny", "f": "\tx\ny", "g": "a\n---\nb\n"}, {})
@example({"strSpec": "a\n" + "x " * 200 + "\n", "plain": "word " * 60}, {"note": "word " * 60})
@example({"strSpec": "a: 0\nstrSpec: 0\n"}, {"strSpec": "\n  strSpec: 0\n"})
@example({"0": "\n\u2028", "1": "0\n", "2": "\u2029", "3": "0\n", "4": "x\n\x85", "5": "0\n"}, {"a": "\n\u2028"})
@example({"a": "18446744073709551616", "b": ".nan"}, {})
def test_what_was_stored_is_read_again(data: dict[str, str], annotations: dict[str, str]) -> None:
    stored = config_map(data, annotations=annotations)

    assert read(config_map_text(stored)) == stored


@pytest.mark.parametrize(
    "text",
    [
        "versions:\n- resources: []\n",
        "versions: \n- name:\tx  \n",
        "versions:\n\n\n- name: x",
        "versions:\n- name: é😀\n\n",
        "# a\r\nb\n",
    ],
)
def test_a_text_of_several_lines_keeps_its_positions_if_yaml_allows(text: str) -> None:
    (document,) = read_documents("f", config_map_text(config_map({"a": "x", "strSpec": text}))).documents
    assert document.key_position("data", "strSpec") == (4, 3)

    (spec,) = read_embedded(document, "data", "strSpec").documents

    assert spec.position() == ((4, 12) if "\r" in text else (5, 5))


def test_what_is_kept_for_others_leaves_no_trace_but_lines() -> None:
    stored = config_map(
        {"strSpec": "a: 1\nb: 2\n"},
        managedFields=[{"manager": "kubectl"}],
        annotations={LAST_APPLIED: '{"a":1}\n', "z": "y"},
        labels={"iter8.tools/kind": "routemap"},
    )

    assert config_map_text(stored).decode() == (
        "apiVersion: v1\n"
        "data:\n"
        "  strSpec: |\n"
        "    a: 1\n"
        "    b: 2\n"
        "kind: ConfigMap\n"
        "metadata:\n"
        "  annotations:\n"
        f"    # {LAST_APPLIED}\n"
        "    #\n"
        '    z: "y"\n'
        "  labels:\n"
        "    iter8.tools/kind: routemap\n"
        "  name: shop\n"
        "  namespace: default\n"
        '  resourceVersion: "12"\n'
        "  uid: u-1\n"
    )


def test_an_object_without_data_or_annotations_of_its_own_can_be_read() -> None:
    bare = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "annotations": {LAST_APPLIED: "{}\n"}}}

    assert read(config_map_text(bare)) == {**bare, "metadata": {"name": "a", "annotations": None}}
    assert read(config_map_text({**bare, "data": None, "binaryData": {"strSpec": "eA=="}}))["data"] is None
