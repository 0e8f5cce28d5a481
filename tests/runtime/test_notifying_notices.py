"""What is told of a new state."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from iter8_gitops.contracts.notifier import LONGEST_TEXT, Notice, NoticeKind
from iter8_gitops.core.reconcile import reconcile
from iter8_gitops.runtime.notifying.notices import notices, problem_notice
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.readiness import ReadinessState
from iter8_gitops.spec.resource import Resource
from iter8_gitops.spec.routemap import Origin, Routemap, Version
from iter8_gitops.spec.snapshot import ResourceState, RoutemapState, SourceStatus, VersionState
from tests.core.builders import TOOLS, declared, deployment, live, observed, routemap, version

GONE = {"deletionTimestamp": "2026-11-22T00:00:00Z"}
PROBLEM = Problem("shop.yaml", 3, 1, "weight must be text", "quote it", application="shop/web")
READ = SourceStatus("git", "git host/shop", "rev2")
"""The source of the routemaps, at a newer revision than they are of."""

QUICK = routemap(version("v0"), Version("v1", (deployment("v1"),), progress_deadline=60.0))


def run(
    *resources: Resource,
    before: RoutemapState | None = None,
    of: Routemap | None = None,
    problems: tuple[Problem, ...] = (),
    now: float = 1000.0,
) -> RoutemapState:
    what = of or routemap()
    return reconcile(declared(what), observed(*resources, of=what), TOOLS, before, problems, now).state


def told(before: RoutemapState | None, after: RoutemapState) -> list[tuple[str, str]]:
    """(kind, message) of each notice."""
    return [(notice.kind.value, notice.message) for notice in notices(before, after, READ, 1000.0)]


def test_versions_that_are_ready_at_first_are_told() -> None:
    state = run(live("v0"), live("v1", content="image:2"))
    assert notices(None, state, READ, 1234.5) == tuple(
        Notice(
            NoticeKind.READY,
            "Ready",
            f"version {each.name} is ready",
            1234.5,
            application="shop/web",
            version=each.name,
            signature=each.signature,
            source="git",
            revision="rev1",
        )
        for each in state.versions
    )
    assert len({each.signature for each in state.versions}) == 2


def test_a_candidate_is_ready_once_when_its_first_content_has_settled() -> None:
    first = run(live("v0"))
    starting = run(live("v0"), live("v1", "starting"), before=first)
    answering = run(live("v0"), live("v1", "rolling"), before=starting)
    ready = run(live("v0"), live("v1"), before=answering)
    assert answering.versions[1].available
    assert [told(*pair) for pair in ((first, starting), (starting, answering), (answering, ready))] == [
        [],
        [],
        [("ready", "version v1 is ready")],
    ]


def test_new_content_is_ready_when_it_has_settled() -> None:
    old = run(live("v0"), live("v1"))
    rolling = run(live("v0"), live("v1", "rolling", content="image:2"), before=old)
    new = run(live("v0"), live("v1", content="image:2"), before=rolling)
    assert told(old, rolling) == []
    (notice,) = notices(rolling, new, READ, 0.0)
    assert (notice.kind, notice.version) == (NoticeKind.READY, "v1")
    assert notice.signature == new.versions[1].signature != old.versions[1].signature


def test_a_rollout_of_the_same_content_is_not_told() -> None:
    old = run(live("v0"), live("v1"))
    rolling = run(live("v0"), live("v1", "rolling"), before=old)
    assert told(old, rolling) == told(rolling, run(live("v0"), live("v1"), before=rolling)) == []


def test_a_version_that_answers_again_is_ready_again() -> None:
    old = run(live("v0"), live("v1"))
    down = run(live("v0"), live("v1", "starting"), before=old)
    up = run(live("v0"), live("v1", "rolling"), before=down)
    assert told(old, down) == []
    assert told(down, up) == [("ready", "version v1 is ready")]
    assert told(up, run(live("v0"), live("v1"), before=up)) == []


def test_a_failing_resource_is_told_once_with_its_reason() -> None:
    old = run(live("v0"), live("v1"))
    failed = run(live("v0"), live("v1", "failed"), before=old)
    (notice,) = notices(old, failed, READ, 0.0)
    assert (notice.kind, notice.reason, notice.version) == (NoticeKind.STALLED, "Crashed", "v1")
    assert notice.message == "version v1 has failed: the container crashes"
    assert notice.signature == ""
    assert told(failed, run(live("v0"), live("v1", "failed"), before=failed)) == []
    back = run(live("v0"), live("v1"), before=failed)
    again = run(live("v0"), live("v1", "failed"), before=back)
    assert told(back, again) == [("stalled", "version v1 has failed: the container crashes")]


def test_two_resources_that_fail_at_once_are_told_of_as_one() -> None:
    of = routemap(version("v0", "web", "cache"))
    assert told(None, run(live("web", "failed"), live("cache", "failed"), of=of)) == [
        ("stalled", "version v0 has failed: the container crashes")
    ]


def test_a_missed_deadline_is_told_once() -> None:
    first = run(live("v0"), live("v1", "starting"), of=QUICK)
    late = run(live("v0"), live("v1", "starting"), of=QUICK, before=first, now=1060.0)
    (notice,) = notices(first, late, READ, 0.0)
    assert (notice.kind, notice.reason) == (NoticeKind.STALLED, "ProgressDeadlineExceeded")
    assert notice.message == "version v1 has not become ready within 1m: no replica answers yet"
    assert told(late, run(live("v0"), live("v1", "starting"), of=QUICK, before=late, now=1061.0)) == []


def test_a_promotion_is_told_of_the_candidate_and_not_as_ready() -> None:
    both = run(live("v0"), live("v1", content="image:2"))
    rolling = run(live("v0", "rolling", content="image:2"), live("v1", content="image:2"), before=both)
    promoted = run(live("v0", content="image:2"), live("v1", content="image:2"), before=rolling)
    assert told(both, rolling) == []
    (notice,) = notices(rolling, promoted, READ, 0.0)
    assert (notice.kind, notice.reason, notice.version) == (NoticeKind.PROMOTED, "Promoted", "v1")
    assert notice.signature == both.versions[1].signature == promoted.versions[0].signature
    assert notice.message == "version v1 is promoted: the primary (v0) has its content now"


def test_a_promotion_is_told_also_when_the_candidate_is_gone_by_then() -> None:
    both = run(live("v0"), live("v1", content="image:2"))
    alone = run(live("v0", "rolling", content="image:2"), before=both)
    promoted = run(live("v0", content="image:2"), before=alone)
    assert told(alone, promoted) == [("promoted", "version v1 is promoted: the primary (v0) has its content now")]


def test_other_versions_are_told_of_beside_a_promotion() -> None:
    both = run(live("v0"), live("v1", content="image:2"))
    after = run(live("v0", content="image:2"), live("v1", content="image:3"), before=both)
    assert [kind for kind, _ in told(both, after)] == ["promoted", "ready"]


def test_a_primary_with_content_that_no_candidate_had_is_ready_and_not_promoted() -> None:
    both = run(live("v0"), live("v1", content="image:2"))
    after = run(live("v0", content="image:3"), live("v1", content="image:2"), before=both)
    assert told(both, after) == [("ready", "version v0 is ready")]


def test_a_candidate_that_moves_up_because_another_left_is_no_news() -> None:
    a, b = version("a"), version("b")
    three = run(live("v0"), live("a"), live("b", content="image:2"), of=routemap(version("v0"), a, b))
    two = run(live("v0"), live("b", content="image:2"), of=routemap(version("v0"), b), before=three)
    assert told(three, two) == []
    renamed = routemap(version("v0"), version("c", "b"))
    assert told(two, run(live("v0"), live("b", content="image:2"), of=renamed, before=two)) == []
    other = routemap(version("v0"), b, version("d", "d"))
    more = run(live("v0"), live("b", content="image:2"), live("d"), of=other, before=two)
    assert told(two, more) == [("ready", "version d is ready")]


def test_each_problem_is_told_when_it_appears() -> None:
    clean = run(live("v0"), live("v1"))
    broken = run(live("v0"), live("v1"), before=clean, problems=(PROBLEM, PROBLEM))
    other = replace(PROBLEM, line=4)
    worse = run(live("v0"), live("v1"), before=broken, problems=(other, PROBLEM))
    assert told(clean, broken) == [("problem", "shop.yaml:3:1: weight must be text (quote it)")]
    assert told(broken, worse) == [("problem", "shop.yaml:4:1: weight must be text (quote it)")]
    assert told(worse, clean) == []


def test_a_problem_that_concerns_no_routemap_is_told_of_its_source() -> None:
    notice = problem_notice(replace(PROBLEM, application=None), READ, 5.0)
    assert notice == Notice(NoticeKind.PROBLEM, "Problem", str(PROBLEM), 5.0, source="git", revision="rev2")
    assert notice.text == "source git: shop.yaml:3:1: weight must be text (quote it) (revision rev2)"
    assert problem_notice(PROBLEM, replace(READ, revision=""), 5.0).text == (
        "shop/web: shop.yaml:3:1: weight must be text (quote it)"
    )


def test_a_problem_in_a_file_names_the_revision_that_brought_it_and_other_notices_that_of_the_routemap() -> None:
    clean = run(live("v0"), live("v1"))
    refused = replace(PROBLEM, file="", message="the route is refused")
    broken = run(live("v0"), live("v1", content="image:2"), before=clean, problems=(PROBLEM, refused))
    found = {notice.message: notice.revision for notice in notices(clean, broken, READ, 0.0)}
    assert found == {str(PROBLEM): "rev2", str(refused): "rev1", "version v1 is ready": "rev1"}


def test_a_notice_is_one_line_of_bounded_length_whatever_is_in_it() -> None:
    assert Notice(NoticeKind.PROBLEM, "Problem", " a\n\tb\x1b[31m ", 0.0).text == "a b\N{REPLACEMENT CHARACTER}[31m"
    long = Notice(NoticeKind.READY, "Ready", "m" * 9000, 0.0, "a" * 9000, "", "5" * 9000, "s", "r" * 9000)
    assert len(long.text) <= LONGEST_TEXT
    assert "m" * 100 in long.text
    digest = Notice(NoticeKind.READY, "Ready", "x", 0.0, revision="sha256:0123456789abcdef")
    assert digest.text == "x (revision sha256:0123456)"
    assert replace(digest, revision="v1.2.3").text == "x (revision v1.2.3)"


SIGNATURES = st.sampled_from(["", "aaaa", "bbbb"])


@st.composite
def states(draw: st.DrawFn) -> RoutemapState:
    names = draw(st.lists(st.sampled_from(["v0", "v1", "v2"]), min_size=1, max_size=3, unique=True))
    problems = draw(st.lists(st.builds(Problem, st.just("f"), st.integers(0, 2), st.just(0), st.just("m")), max_size=3))
    return RoutemapState(
        "shop",
        "web",
        Origin("git", "f", "rev1"),
        tuple(map(draw, map(a_version, range(3), names))),
        problems=tuple(problems),
    )


def a_version(index: int, name: str) -> st.SearchStrategy[VersionState]:
    resources = st.builds(
        lambda state, servable: (ResourceState("", "ConfigMap", "shop", name, state, servable, "Why", "because"),),
        st.sampled_from(ReadinessState),
        st.booleans(),
    )
    return st.builds(
        VersionState,
        index=st.just(index),
        name=st.just(name),
        weight=st.just(1),
        declared_weight=st.just(1),
        available=st.booleans(),
        settled=st.booleans(),
        signature=SIGNATURES,
        reason=st.just("Why"),
        message=st.just("because"),
        resources=resources,
        former_signature=SIGNATURES,
        stalled=st.booleans(),
    )


@given(state=states())
def test_nothing_is_told_when_nothing_has_changed(state: RoutemapState) -> None:
    assert notices(state, state, READ, 0.0) == ()


@given(before=st.none() | states(), after=states())
def test_whatever_changes_each_thing_is_told_at_most_once_and_with_all_that_belongs_to_it(
    before: RoutemapState | None, after: RoutemapState
) -> None:
    found = notices(before, after, READ, 7.0)
    assert len(set(found)) == len(found)
    kinds = [notice.kind for notice in found]
    primary = after.versions[0]
    for notice in found:
        assert (notice.application, notice.source, notice.at) == ("shop/web", "git", 7.0)
        assert notice.revision == ("rev2" if notice.kind is NoticeKind.PROBLEM else "rev1")
        assert notice.message
        assert notice.reason
        if notice.kind is NoticeKind.READY:
            named = next(each for each in after.versions if each.name == notice.version)
            assert named.available or named.settled
            assert notice.signature == named.signature
            assert not (named is primary and NoticeKind.PROMOTED in kinds)
        if notice.kind is NoticeKind.PROMOTED:
            assert before is not None
            assert notice.signature == primary.signature not in ("", before.versions[0].signature)
    assert kinds.count(NoticeKind.PROMOTED) <= 1


SHOWN = st.tuples(st.sampled_from(["absent", "ready", "rolling", "starting", "failed"]), st.sampled_from("123"))


@given(story=st.lists(st.tuples(SHOWN, SHOWN), min_size=1, max_size=8))
def test_whatever_happens_all_content_that_settles_was_told_once(
    story: list[tuple[tuple[str, str], tuple[str, str]]],
) -> None:
    before: RoutemapState | None = None
    known: dict[int, str] = {}
    for moment, shown in enumerate(story):
        there = [live(f"v{i}", how, content=what) for i, (how, what) in enumerate(shown) if how != "absent"]
        after = run(*there, before=before, now=1000.0 + moment)
        signatures = [n.signature for n in notices(before, after, READ, 0.0) if n.kind in ("ready", "promoted")]
        for each in after.versions:
            if each.settled and each.signature != known.get(each.index, ""):
                assert each.signature in signatures
            known[each.index] = each.signature
        before = after
