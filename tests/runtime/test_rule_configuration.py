"""Rules in the configuration file: what is read, and where mistakes are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from iter8_gitops.errors import ConfigurationError
from iter8_gitops.runtime.configuration import load_configuration
from iter8_gitops.runtime.rules.rule import Rule
from tests.runtime.rules.objects import rule

RAY = """\
resourceTypes:
  ray:
    Group: ray.io
    Version: v1
    Resource: rayservices
    Kind: RayService
    ready: status.serviceStatus == 'Running'
    failed: status.serviceStatus == 'Failed'
    servable: status.numServeEndpoints > 0
    message: status.message
    override: true
    conditions: [Live]
    ignore: [spec.rayClusterConfig.headGroupSpec.replicas, "spec.workers[*].replicas"]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


def rules(file: Path, text: str) -> list[Rule]:
    file.write_text(text)
    return [each.rule for each in load_configuration(file).resource_types]


def problems(file: Path, text: str) -> list[str]:
    """What is wrong with a configuration, without the name of its file."""
    with pytest.raises(ConfigurationError) as caught:
        rules(file, text)
    return [line.removeprefix(f"{file}:") for line in str(caught.value).splitlines()]


def ray(rest: str, name: str = "ray") -> str:
    return f"  {name}:\n    Version: v1\n    Group: ray.io\n    Resource: rayservices\n{rest}"


def types(*rest: str) -> str:
    return "resourceTypes:\n" + "".join(ray(each, "abc"[index]) for index, each in enumerate(rest))


def test_all_of_a_rule_is_read(file: Path) -> None:
    assert rules(file, RAY) == [
        rule(
            "Live",
            ready="status.serviceStatus == 'Running'",
            failed="status.serviceStatus == 'Failed'",
            servable="status.numServeEndpoints > 0",
            message="status.message",
            override=True,
            ignore=("spec.rayClusterConfig.headGroupSpec.replicas", "spec.workers[*].replicas"),
        )
    ]


def test_what_is_null_counts_as_absent(file: Path) -> None:
    assert rules(file, types("    ready:\n    ignore: null\n    override: ~\n")) == [Rule()]


def test_a_rule_in_a_configmap_is_read(file: Path) -> None:
    indented = "".join(f"    {line}\n" for line in RAY.splitlines())
    (found,) = rules(
        file, f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata:\n  config.yaml: |\n{indented}"
    )
    assert found.ready is not None


NOPE = "is no valid expression: undeclared reference to 'nope' (valid names: metadata, object, spec, status)"


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("    ready: status.on && nope", "6:25"),
        ("    ready: 'status.on && nope'", "6:26"),
        ('    ready: "status.on && nope"  # really', "6:26"),
        ("    ready: |\n      status.on &&\n        nope", "8:9"),
        ("    ready: |-\n\n      status.on && nope\n", "8:20"),
        ("    ready:\n      status.on && nope\n", "7:20"),
        ("    ready: >-\n      status.on &&\n      nope\n", "6:12"),
        ("    ready: status.on &&\n      nope\n", "6:12"),
        ("    ready: 'status.on && ''a'' == nope'", "6:12"),
        ('    ready: "status.on \\u0026& nope"', "6:12"),
        ('    ready: "\U0001f600 status.on"', None),
    ],
)
def test_a_mistake_is_told_at_its_exact_place_where_that_is_known(written: str, place: str | None, file: Path) -> None:
    (problem,) = problems(file, types(f"{written}\n"))

    if place is None:
        assert problem.startswith("6:13: resourceTypes.a.ready is no valid expression: token recognition error at")
    else:
        assert problem == f"{place}: resourceTypes.a.ready {NOPE}"


def test_a_place_in_a_configmap_is_that_in_the_file(file: Path) -> None:
    text = types("    ready: status.on && nope\n    ignore:\n    - spec.a\n    - spec.b..c..d\n")
    indented = "".join(f"    {line}\n" for line in text.splitlines())

    assert problems(file, f"kind: ConfigMap\ndata:\n  config.yaml: |\n{indented}") == [
        f"9:29: resourceTypes.a.ready {NOPE}",
        "12:20: resourceTypes.a.ignore[1] goes down with .. more than once",
    ]


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        (
            "    ready: 1 + 1\n",
            "6:12: resourceTypes.a.ready gives a whole number, and true or false is wanted",
        ),
        (
            "    message: status.on == 1\n",
            "6:14: resourceTypes.a.message gives true or false, and text is wanted",
        ),
        (
            "    ready: true\n",
            "6:12: resourceTypes.a.ready must be text, not true or false (quote it)",
        ),
        ("    ready: ''\n", "6:12: resourceTypes.a.ready must not be empty"),
        (
            "    ready: [status.on]\n",
            "6:12: resourceTypes.a.ready must be text, not a list",
        ),
        (
            f"    ready: status.on || '{'x' * 1000}' == ''\n",
            "6:12: resourceTypes.a.ready has 1021 characters, and at most 1000 are allowed",
        ),
        (
            "    redy: status.on\n",
            "6:5: resourceTypes.a.redy is an unknown key (did you mean `ready`? valid keys: "
            "Group, Kind, Resource, Version, conditions, failed, ignore, message, override, ready, servable)",
        ),
        (
            "    current: status.on\n",
            "6:5: resourceTypes.a.current is an unknown key (valid keys: "
            "Group, Kind, Resource, Version, conditions, failed, ignore, message, override, ready, servable)",
        ),
        (
            "    override: 'yes'\n    ready: status.on\n",
            "6:15: resourceTypes.a.override must be true or false, not text",
        ),
        (
            "    override: true\n    failed: status.on\n",
            "6:15: resourceTypes.a.override is set where there is no rule to go first (add ready or conditions)",
        ),
        (
            "    ignore: spec.a\n",
            "6:13: resourceTypes.a.ignore must be a list, not text",
        ),
        (
            "    ignore: [status.a]\n",
            "6:14: resourceTypes.a.ignore[0] does not begin with spec "
            "(write it as in spec.replicas or spec.workers[*].replicas)",
        ),
        (
            "    ignore: [spec.a, 'spec.b[']\n",
            "6:30: resourceTypes.a.ignore[1] is no valid path: unexpected end of query "
            "(write it as in spec.replicas or spec.workers[*].replicas)",
        ),
    ],
)
def test_a_mistake_in_a_rule_is_told(written: str, problem: str, file: Path) -> None:
    assert problems(file, types(written)) == [problem]


def test_everything_that_is_wrong_is_told_at_once(file: Path) -> None:
    text = types("    ready: nope\n    servable: 3\n    ignore: [x]\n", "    failed: status.\n    redy: x\n")

    found = problems(file, f"defaultResync: soon\n{text}")

    assert [each.partition(" ")[0] for each in found] == ["1:16:", "7:12:", "8:15:", "9:14:", "14:20:", "15:5:"]


def test_two_different_rules_for_one_kind_are_told_with_both_places(file: Path) -> None:
    text = types("    ready: status.a\n    message: status.m\n", "    ready: status.b\n    message: status.m\n")

    assert problems(file, text) == [
        f"12:12: resourceTypes.b.ready differs from that of a at {file}:6:12, and both are of one kind "
        "(keep one of them)"
    ]


@pytest.mark.parametrize(
    "other",
    [
        "    Kind: Ray\n    ready: status.a\n",
        "    failed: status.b\n    conditions: [Ready]\n",
        "    ignore: [spec.b]\n",
    ],
)
def test_two_names_of_one_kind_may_say_the_same_or_add_to_it(other: str, file: Path) -> None:
    assert len(rules(file, types("    ready: status.a\n", other))) == 2


def test_two_plurals_of_one_stated_kind_are_one_kind(file: Path) -> None:
    text = (
        "resourceTypes:\n"
        "  a: {Group: x.io, Version: v1, Resource: foos, Kind: Foo, ready: status.a}\n"
        "  b: {Group: x.io, Version: v1, Resource: fools, Kind: Foo, ready: status.b}\n"
        "  c: {Group: y.io, Version: v1, Resource: foos, Kind: Foo, ready: status.c}\n"
    )
    assert problems(file, text) == [
        f"3:68: resourceTypes.b.ready differs from that of a at {file}:2:67, and both are of one kind "
        "(keep one of them)"
    ]
