"""States travel as JSON without loss, also between releases."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iter8_gitops.spec.codec import decode_source, decode_state, encode_source, encode_state
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.routemap import Origin
from iter8_gitops.spec.snapshot import ResourceState, RoutemapState, SourceStatus, VersionState

_times = st.none() | st.floats(allow_nan=False, allow_infinity=False)
_resources = st.builds(ResourceState, edited_at=_times)
_versions = st.builds(VersionState, resources=st.lists(_resources, max_size=2).map(tuple))
_states = st.builds(RoutemapState, versions=st.lists(_versions, max_size=3).map(tuple))
_sources = st.builds(SourceStatus, read_at=_times, failing_since=_times)


@settings(max_examples=50)
@given(_states)
def test_a_state_comes_back_as_it_was(state: RoutemapState) -> None:
    assert decode_state(encode_state(state)) == state


@settings(max_examples=50)
@given(_sources)
def test_a_source_status_comes_back_as_it_was(status: SourceStatus) -> None:
    assert decode_source(encode_source(status)) == status


def test_fields_of_a_newer_release_are_skipped_and_missing_ones_take_their_defaults() -> None:
    document = {
        "namespace": "shop",
        "name": "web",
        "origin": {"source": "git", "path": "a.yaml", "revision": "abc", "branch": "main"},
        "versions": [],
        "holdout": {"share": 0.1},
    }
    expected = RoutemapState("shop", "web", Origin("git", "a.yaml", "abc"), ())
    assert decode_state(json.dumps(document).encode()) == expected


@pytest.mark.parametrize("document", [b"", b"{", b"null", b"[]", b"{}", b'{"namespace": 1}', b"\xff"])
def test_anything_else_is_a_value_error(document: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        decode_state(document)
    with pytest.raises(ValueError, match=r"\w"):
        decode_source(document)


def test_a_file_name_that_is_not_utf_8_is_shown_escaped() -> None:
    status = SourceStatus("git", "/repo", problems=(Problem("caf\udce9.yaml", 0, 0, "not UTF-8"),))
    assert decode_source(encode_source(status)).problems[0].file == "caf\\udce9.yaml"
