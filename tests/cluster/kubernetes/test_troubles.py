from __future__ import annotations

from iter8_gitops.cluster.kubernetes.refusals import Refusal
from iter8_gitops.cluster.kubernetes.troubles import Troubles

APP = "shop/web"
AT_ONCE = Refusal("no such kind", "install it")
LATER = Refusal("no answer", untold=30)


def test_a_refusal_is_a_problem_of_its_template_until_it_is_solved() -> None:
    troubles = Troubles()
    assert troubles.note(APP, "routes", {"main": AT_ONCE}, 0)
    (problem,) = troubles.told(APP)
    assert str(problem) == "routing template 'main': no such kind (install it)"
    assert problem.application == APP
    assert not troubles.note(APP, "routes", {"main": AT_ONCE}, 1)
    assert troubles.note(APP, "routes", {}, 2)
    assert troubles.told(APP) == ()


def test_what_may_pass_is_told_when_it_lasts() -> None:
    troubles = Troubles()
    assert not troubles.note(APP, "routes", {"main": LATER}, 0)
    assert not troubles.note(APP, "routes", {"main": LATER}, 29)
    assert troubles.note(APP, "routes", {"main": LATER}, 30)
    assert len(troubles.told(APP)) == 1


def test_what_passed_in_between_begins_anew() -> None:
    troubles = Troubles()
    troubles.note(APP, "routes", {"main": LATER}, 0)
    troubles.note(APP, "routes", {}, 20)
    assert not troubles.note(APP, "routes", {"main": LATER}, 30)


def test_a_problem_does_not_vanish_because_the_server_is_away() -> None:
    troubles = Troubles()
    troubles.note(APP, "routes", {"main": AT_ONCE}, 0)
    troubles.note(APP, "routes", {"main": LATER}, 1)
    assert len(troubles.told(APP)) == 1


def test_scopes_do_not_touch_each_other() -> None:
    troubles = Troubles()
    troubles.note(APP, "routes", {"main": AT_ONCE}, 0)
    troubles.note(APP, ("apps", "Deployment", "web"), {"": Refusal("may not be patched")}, 0)
    troubles.note(APP, "routes", {}, 1)
    assert [str(each) for each in troubles.told(APP)] == ["may not be patched"]
    assert troubles.clear() == {APP}
    assert troubles.told(APP) == ()
