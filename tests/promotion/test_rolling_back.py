"""`rollback`, on real repositories."""

from __future__ import annotations

from tests.promotion.running import file, promote, rollback, status
from tests.promotion.shops import APPLICATION, CANDIDATE, PRIMARY, PROMOTED, ROUTEMAP, Shop


def test_a_rollback_brings_back_both_and_a_new_salt(shop: Shop) -> None:
    promote(shop)
    promoted = file(shop, "backend.yaml")
    result = rollback(shop)
    assert result.exit_code == 0, result.output
    assert (file(shop, "backend-0.yaml"), file(shop, "backend-1.yaml")) == (PRIMARY, CANDIDATE)
    salts = {text.rpartition("salt: ")[2] for text in (promoted, file(shop, "backend.yaml"))}
    assert len(salts) == 2
    assert file(shop, "backend.yaml").startswith(ROUTEMAP)
    commits = shop.mine.git("log", "-2", "--format=%H").splitlines()
    trailers = shop.mine.git("log", "-1", "--format=%(trailers:only)").splitlines()
    assert trailers[0] == f"Iter8-Application: {APPLICATION}"
    assert trailers[-1] == f"Iter8-Reverts: {commits[1]}"


def test_a_rollback_keeps_what_was_committed_since(shop: Shop) -> None:
    promote(shop)
    later = PROMOTED.replace("# The model that everybody gets.", "# Everybody gets this one.")
    shop.mine.commit({"backend-0.yaml": later, "notes.txt": "later"})
    assert rollback(shop).exit_code == 0
    assert file(shop, "backend-0.yaml") == PRIMARY.replace(
        "# The model that everybody gets.", "# Everybody gets this one."
    )
    assert file(shop, "notes.txt") == "later"


def test_a_rollback_that_conflicts_names_the_files_and_does_nothing(shop: Shop) -> None:
    promote(shop)
    commit = shop.mine.commit({"backend-0.yaml": PROMOTED.replace("svm-2", "svm-3")})
    result = rollback(shop)
    assert result.exit_code == 2
    assert "backend-0.yaml changed since commit" in result.stderr
    assert (shop.mine.git("rev-parse", "HEAD"), status(shop)) == (commit, "")


def test_a_salt_that_changed_since_is_no_conflict(shop: Shop) -> None:
    promote(shop)
    text = file(shop, "backend.yaml")
    shop.mine.commit({"backend.yaml": text.replace(text.rpartition("salt: ")[2], "by-hand\n")})
    assert rollback(shop).exit_code == 0
    assert file(shop, "backend-0.yaml") == PRIMARY
    assert "by-hand" not in file(shop, "backend.yaml")


def test_a_second_rollback_says_that_it_is_done(shop: Shop) -> None:
    promote(shop)
    rollback(shop)
    result = rollback(shop)
    assert result.exit_code == 0
    assert "was rolled back by commit" in result.stdout
    assert shop.mine.git("rev-list", "--count", "HEAD") == "3"


def test_a_promotion_that_was_reverted_by_hand_needs_no_rollback(shop: Shop) -> None:
    promote(shop)
    shop.mine.git("revert", "--no-edit", "HEAD")
    result = rollback(shop)
    assert (result.exit_code, shop.mine.git("rev-list", "--count", "HEAD")) == (0, "3")
    assert "are already as before commit" in result.stdout


def test_a_rollback_goes_as_far_back_as_it_is_told(shop: Shop) -> None:
    promote(shop)
    shop.mine.commit({"backend-1.yaml": CANDIDATE.replace("svm-2", "svm-3")})
    promote(shop)
    assert rollback(shop, "--to", "HEAD~3").exit_code == 0
    assert file(shop, "backend-0.yaml") == PRIMARY
    assert shop.mine.git("log", "-1", "--format=%B").count("Iter8-Reverts: ") == 2
    assert "nothing of modelmesh-serving/backend was promoted after HEAD~4" in rollback(shop, "--to", "HEAD~4").stdout


def test_a_rolled_back_promotion_can_be_promoted_again(shop: Shop) -> None:
    promote(shop)
    rollback(shop)
    assert promote(shop).exit_code == 0
    assert file(shop, "backend-0.yaml") == PROMOTED


def test_without_a_promotion_there_is_nothing_to_roll_back(shop: Shop) -> None:
    result = rollback(shop)
    assert result.exit_code == 1
    assert "no promotion of modelmesh-serving/backend is in the history" in result.stderr


def test_a_revision_that_is_not_there_is_named(shop: Shop) -> None:
    result = rollback(shop, "--to", "v9")
    assert result.exit_code == 1
    assert "--to v9 is no commit" in result.stderr


def test_a_new_candidate_in_another_file_is_no_place_for_the_old_one(shop: Shop) -> None:
    promote(shop)
    shop.mine.commit({"new.yaml": CANDIDATE.replace("svm-2", "svm-3")})
    result = rollback(shop)
    assert result.exit_code == 2
    assert "InferenceService modelmesh-serving/backend-1 is in backend-1.yaml:1 and new.yaml:1" in result.stderr
    assert not (shop.mine.path / "backend-1.yaml").exists()
