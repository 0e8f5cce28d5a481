"""Promotion while others push, in the moment between what is looked at and what is pushed."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from tests.promotion.running import file, promote, status
from tests.promotion.shops import APPLICATION, PRIMARY, PROMOTED, Shop


@pytest.fixture
def racing(shop: Shop) -> Callable[[str], None]:
    """Makes somebody else push, by a shell command in their clone, each time that something is pushed from here."""
    other = shop.clone("racer")

    def install(command: str) -> None:
        hook = shop.mine.path / ".git" / "hooks" / "pre-push"
        hook.write_text(
            f"#!/bin/sh\nunset GIT_DIR\ncd {other.path}\ngit pull -q --ff-only\n{command}\n"
            "git add -A && git commit -q --allow-empty -m race && git push -q 2>/dev/null\nexit 0\n"
        )
        hook.chmod(0o755)

    return install


ONCE = "test -e once && exit 0; touch once;"


def test_a_lost_race_is_run_again_on_what_the_others_made_of_it(shop: Shop, racing: Callable[[str], None]) -> None:
    racing(f"{ONCE} sed -i 's/svm-2/svm-9/' backend-1.yaml; sed -i 's/ten models/two models/' backend-0.yaml")
    result = promote(shop, "--push")
    assert result.exit_code == 0, result.output
    assert "somebody else was quicker" in result.stderr
    assert shop.subjects() == [f"Promote v1 of {APPLICATION}", "race", "begin"]
    assert shop.read("backend-0.yaml") == PROMOTED.replace("svm-2", "svm-9").replace("ten models", "two models")
    assert file(shop, "backend-0.yaml") == shop.read("backend-0.yaml")


def test_a_race_that_is_lost_six_times_is_given_up(shop: Shop, racing: Callable[[str], None]) -> None:
    racing("date +%N > now.txt")
    result = promote(shop, "--push")
    assert result.exit_code == 2
    assert "others pushed each time, 6 times in a row" in result.stderr
    assert (file(shop, "backend-0.yaml"), status(shop)) == (PRIMARY, "")


def test_a_promotion_that_others_did_in_the_meantime_is_not_done_again(
    shop: Shop, racing: Callable[[str], None]
) -> None:
    command = f"{sys.executable} -m iter8_gitops promote {APPLICATION} --version 1"
    racing(f"{ONCE} {command} >/dev/null 2>&1")
    result = promote(shop, "--push")
    assert result.exit_code == 0, result.output
    assert f"v1 of {APPLICATION} is promoted already, by commit" in result.stdout
    assert shop.read("backend-0.yaml") == PROMOTED


def test_a_promotion_that_has_become_impossible_says_why(shop: Shop, racing: Callable[[str], None]) -> None:
    racing(f"{ONCE} cp backend-0.yaml copy.yaml")
    result = promote(shop, "--push")
    assert result.exit_code == 2
    assert "InferenceService modelmesh-serving/backend-0 is in backend-0.yaml:2 and copy.yaml:2" in result.stderr
    assert file(shop, "backend-0.yaml") == PRIMARY
