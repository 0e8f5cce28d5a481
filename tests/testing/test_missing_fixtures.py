"""A suite whose author forgot a fixture says which, and what it has to give."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.testing.running import run_pytest


@pytest.mark.parametrize(
    ("suite", "fixture", "gives"),
    [
        ("ClusterContract", "harness", "a ClusterHarness"),
        ("SourceContract", "place", "a SourcePlace"),
        ("NotifierContract", "settings", "NotifierSettings"),
        ("MetricStoreContract", "store_request", "a MetricStoreRequest"),
    ],
)
def test_a_suite_without_its_fixture_says_which_and_what_it_gives(
    suite: str, fixture: str, gives: str, tmp_path: Path
) -> None:
    shown = run_pytest(
        tmp_path,
        f"""
        from iter8_gitops.testing import {suite}

        class TestMine({suite}):
            plugin = object()
        """,
    )
    assert f"TestMine needs a fixture named {fixture}, which gives {gives}\n" in shown
    assert "Traceback" not in shown
