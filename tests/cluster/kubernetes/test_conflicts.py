from __future__ import annotations

from iter8_gitops.cluster.kubernetes.conflicts import Fights, fields, holders, is_drift, managers
from iter8_gitops.kube.errors import FieldConflict

EDIT = FieldConflict(".spec.a", "kubectl-edit", "Update")
APPLY = FieldConflict(".spec.b", "flux", "Apply")


def test_only_edits_are_drift() -> None:
    assert is_drift([EDIT])
    assert not is_drift([EDIT, APPLY])
    assert not is_drift([])


def test_conflicts_are_told_by_manager() -> None:
    conflicts = [EDIT, APPLY, FieldConflict(".spec.c", "kubectl-edit", "Update"), EDIT]
    assert managers(conflicts) == ("flux", "kubectl-edit")
    assert holders(conflicts) == "'flux' holds .spec.b; 'kubectl-edit' holds .spec.a, .spec.c"


def test_the_same_conflicts_are_told_in_the_same_words_in_whatever_order_they_come() -> None:
    conflicts = [EDIT, APPLY, FieldConflict(".spec.c", "kubectl-edit", "Update")]
    assert holders(conflicts) == holders(conflicts[::-1])


def test_many_fields_are_cut_short() -> None:
    conflicts = [FieldConflict(f".f{index}", "m", "Apply") for index in range(8)]
    assert fields(conflicts, "m") == ".f0, .f1, .f2, .f3, .f4 and 3 more"


def test_the_fourth_time_within_a_minute_is_a_fight() -> None:
    fights = Fights()
    for now in (0, 10, 20):
        assert not fights.is_fight("x", now)
        fights.note("x", now)
    assert fights.is_fight("x", 59)
    assert not fights.is_fight("y", 59)
    assert not fights.is_fight("x", 60)


def test_old_repairs_are_forgotten() -> None:
    fights = Fights()
    for now in range(3000):
        fights.note(now, now)
    assert len(fights._healed) <= 1_000
