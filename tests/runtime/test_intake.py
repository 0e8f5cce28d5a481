"""Decoding of trees: what did not change is not decoded again, unless names mean something else."""

from __future__ import annotations

from iter8_gitops.runtime.intake import Intake
from iter8_gitops.spec.kinds import KindTable
from iter8_gitops.spec.resource import ResourceKind
from iter8_gitops.spec.tree import SourceFile, SourceTree

SERVICE = ResourceKind("", "v1", "Service", "services", ("svc",))
KNATIVE = ResourceKind("serving.knative.dev", "v1", "Service", "services", ("svc",))
ROUTEMAP = b"""\
apiVersion: iter8.tools/v1
kind: Routemap
metadata: {name: shop}
spec: {versions: [{resources: [{gvrShort: svc, name: a}]}]}
"""
TREE = SourceTree("git", "1", (SourceFile("a.yaml", "1", ROUTEMAP),))


def group_of_shop(intake: Intake) -> str:
    (decoded,) = intake.decode(TREE).files["a.yaml"].routemaps
    (resource,) = decoded.routemap.resource_ids
    return resource.group


def test_only_files_that_changed_are_decoded() -> None:
    intake = Intake(KindTable([SERVICE]), None)
    intake.take(TREE)
    other = SourceFile("b.yaml", "2", ROUTEMAP)

    assert intake.take(SourceTree("git", "1", TREE.files)).changed == {}
    assert intake.take(SourceTree("git", "2", (*TREE.files, other))).changed.keys() == {"b.yaml"}
    gone = intake.take(SourceTree("git", "3", (other,)))
    assert gone.changed == {}
    assert gone.removed == {"a.yaml"}


def test_other_kinds_decode_everything_anew() -> None:
    intake = Intake(KindTable([SERVICE]), None)
    intake.take(TREE)
    assert group_of_shop(intake) == ""

    (anew,) = intake.replace_kinds(KindTable([KNATIVE]))

    assert anew.changed == intake.decode(TREE).files
    assert group_of_shop(intake) == "serving.knative.dev"


def test_what_states_no_namespace_is_in_the_scope() -> None:
    def application(intake: Intake) -> list[str]:
        return [each.routemap.application for each in intake.decode(TREE).files["a.yaml"].routemaps]

    kinds = KindTable([SERVICE])
    assert application(Intake(kinds, None)) == ["default/shop"]
    assert application(Intake(kinds, None, scope="prod")) == ["prod/shop"]
    assert application(Intake(kinds, "prod", scope="prod")) == ["prod/shop"]
    assert application(Intake(kinds, "dev", scope="prod")) == []
