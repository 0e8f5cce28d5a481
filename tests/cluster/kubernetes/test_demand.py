from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from iter8_gitops.cluster.kubernetes.demand import Demand
from iter8_gitops.cluster.kubernetes.routes import Mark
from iter8_gitops.contracts.cluster import Wanted
from iter8_gitops.spec.resource import ResourceId
from tests.cluster.kubernetes.applying import route

WEB = ResourceId("apps", "Deployment", "shop", "web")
OBJECT = ResourceId("", "ConfigMap", "shop", "r")


def _wanted(*names: str, held: tuple[str, ...] = (), named: tuple[ResourceId, ...] = ()) -> Wanted:
    return Wanted(tuple(route("shop", name, template=f"t-{name}") for name in names), frozenset(held), frozenset(named))


def test_an_application_is_unknown_until_it_is_heard_of_or_all_are_known() -> None:
    demand = Demand()
    assert demand.wanted("shop/a") is None
    assert demand.prune(["shop/kept"]) == frozenset()
    assert demand.wanted("shop/a") == Wanted()
    assert demand.wanted("shop/kept") is None
    demand.withdraw("shop/kept")
    assert demand.wanted("shop/kept") == Wanted()


def test_prune_tells_what_is_left_of_others() -> None:
    demand = Demand()
    demand.see(OBJECT, Mark("shop/old", "t"))
    demand.want("shop/a", _wanted("r"))
    assert demand.prune(["shop/kept"]) == {"shop/old", "shop/a"}


def test_everybody_is_known_once_all_that_exist_have_said_what_they_want() -> None:
    demand = Demand()
    demand.want("shop/a", _wanted())
    assert not demand.everybody_known
    demand.prune(["shop/a", "shop/b", "shop/c"])
    demand.want("shop/b", _wanted(named=(WEB,)))
    assert not demand.everybody_known
    demand.withdraw("shop/c")
    assert demand.everybody_known


def test_a_mark_stands_as_long_as_its_template_renders_the_object_or_may() -> None:
    demand = Demand()
    mine = Mark("shop/a", "t-r")
    assert demand.claims(mine, OBJECT)
    demand.want("shop/a", _wanted("r"))
    assert demand.claims(mine, OBJECT)
    assert not demand.claims(Mark("shop/a", "other"), OBJECT)
    assert not demand.claims(mine, ResourceId("", "ConfigMap", "elsewhere", "r"))
    demand.want("shop/a", _wanted(held=("t-r",)))
    assert demand.claims(mine, OBJECT)
    demand.want("shop/a", _wanted())
    assert not demand.claims(mine, OBJECT)


def test_an_object_of_the_cluster_is_found_under_any_namespace() -> None:
    demand = Demand()
    named = ResourceId("", "Namespace", "shop", "n")
    other = ResourceId("", "Namespace", "elsewhere", "n")
    demand.want("shop/a", _wanted(named=(named,)))
    demand.want("shop/b", _wanted(named=(other,)))
    assert sorted(demand.naming(ResourceId("", "Namespace", "", "n"))) == [("shop/a", named), ("shop/b", other)]
    assert demand.naming(named) == [("shop/a", named)]


def test_what_changes_hands_is_told() -> None:
    demand = Demand()
    assert demand.want("shop/a", _wanted(named=(WEB,))) == {WEB}
    assert demand.want("shop/a", _wanted("r", named=(WEB,))) == frozenset()
    assert demand.kinds() == {("", "ConfigMap")}
    assert demand.withdraw("shop/a") == {WEB}
    assert demand.kinds() == frozenset()


def test_nothing_is_left_of_a_forgotten_application() -> None:
    demand = Demand()
    demand.want("shop/a", _wanted("r", named=(WEB,)))
    demand.prune([])
    demand.withdraw("shop/a")
    demand.forget("shop/a")
    assert demand.applications() == frozenset()


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sets(st.sampled_from("rst")), st.sets(st.sampled_from("xyz"))),
        max_size=12,
    )
)
def test_indexes_say_what_all_wishes_say(steps: list[tuple[str, set[str], set[str]]]) -> None:
    demand = Demand()
    final: dict[str, tuple[set[str], set[str]]] = {}
    for application, routes, names in steps:
        named = tuple(ResourceId("apps", "Deployment", "shop", name) for name in names)
        demand.want(application, _wanted(*sorted(routes), named=named))
        final[application] = routes, names
    for name in "rst":
        renders = {application for application, (routes, _) in final.items() if name in routes}
        assert demand.rendering(ResourceId("", "ConfigMap", "shop", name)) == renders
    for name in "xyz":
        naming = {application for application, (_, names) in final.items() if name in names}
        found = demand.naming(ResourceId("apps", "Deployment", "shop", name))
        assert {application for application, _ in found} == naming
    assert demand.kinds() == ({("", "ConfigMap")} if any(routes for routes, _ in final.values()) else set())
