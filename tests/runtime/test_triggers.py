"""What is due, and why."""

from __future__ import annotations

from iter8_gitops.runtime.triggers import Triggers
from tests.core.builders import declared, routemap, version

WEB = declared(routemap(version("v0", "web-0", "shared"), version("v1", "web-1"), name="web"))
API = declared(routemap(version("v0", "api-0", "shared"), name="api"))
BOTH = {"shop/web": WEB, "shop/api": API}


def key(name: str) -> tuple[str, str, str]:
    return ("apps", "Deployment", name)


def indexed() -> Triggers:
    triggers = Triggers()
    triggers.declare(BOTH)
    triggers.take(0)
    return triggers


def test_what_is_declared_is_due_once() -> None:
    triggers = Triggers()
    triggers.declare(BOTH)
    assert triggers.take(0) == {"shop/web", "shop/api"}
    assert triggers.take(0) == frozenset()


def test_a_resource_makes_every_routemap_due_that_names_it() -> None:
    triggers = indexed()
    triggers.resources_changed([key("shared")])
    assert triggers.take(0) == {"shop/web", "shop/api"}
    triggers.resources_changed([key("web-1"), key("unknown")])
    assert triggers.take(0) == {"shop/web"}


def test_a_routemap_that_names_other_resources_now_is_found_by_those() -> None:
    triggers = indexed()
    triggers.declare({"shop/web": declared(routemap(version("v0", "new"), name="web"))})
    triggers.take(0)
    triggers.resources_changed([key("web-0"), key("shared")])
    assert triggers.take(0) == {"shop/api"}
    triggers.resources_changed([key("new")])
    assert triggers.take(0) == {"shop/web"}


def test_a_withdrawn_routemap_is_never_due_again() -> None:
    triggers = indexed()
    triggers.recheck("shop/web", 5.0)
    triggers.touch(["shop/web"])
    triggers.withdraw(["shop/web"])
    triggers.resources_changed([key("web-0"), key("shared")])
    triggers.touch(["shop/web", "shop/never"])
    assert triggers.take(100) == {"shop/api"}
    assert triggers.due_at() is None


def test_a_recheck_is_due_at_its_time_and_can_be_called_off() -> None:
    triggers = indexed()
    triggers.recheck("shop/web", 10.0)
    triggers.recheck("shop/api", 20.0)
    assert triggers.due_at() == 10.0
    assert triggers.take(9.9) == frozenset()
    assert triggers.take(10.0) == {"shop/web"}
    triggers.recheck("shop/api", None)
    assert triggers.due_at() is None
    assert triggers.take(30.0) == frozenset()
