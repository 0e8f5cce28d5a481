"""Signatures: digests of content alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from iter8_gitops.core.signature import digest, version_signature

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), json_values, max_size=6))
def test_the_order_of_keys_does_not_matter(content: dict[str, object]) -> None:
    assert digest(content) == digest(dict(reversed(content.items())))


@given(json_values)
def test_a_digest_is_sixteen_hexadecimal_digits(content: object) -> None:
    assert len(digest(content)) == 16
    int(digest(content), 16)


def test_a_digest_is_the_same_in_every_release() -> None:
    assert digest({"b": [1, 2.5, None, True], "a": "Zoë"}) == "c84929e50a9f339e"


def test_different_content_has_different_digests() -> None:
    contents = [
        None,
        {},
        [],
        "",
        0,
        False,
        "0",
        {"a": 1},
        {"a": "1"},
        {"a": {"b": 1}},
        [1, 2],
        [2, 1],
        [[1], 2],
    ]
    assert len({digest(content) for content in contents}) == len(contents)


def test_a_signature_depends_on_kinds_and_contents_and_their_order() -> None:
    one, other = ("apps", "Deployment", "11"), ("", "ConfigMap", "22")
    signatures = {version_signature(parts) for parts in ([one], [other], [one, other], [other, one], [])}
    assert len(signatures) == 5
