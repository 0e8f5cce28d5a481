"""What callers over gRPC say of a user, beyond what Iter8's clients can."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from iter8_gitops.serving.abn import abn_pb2
from iter8_gitops.serving.abn.service import AbnService
from iter8_gitops.spec.routemap import Rule, Targeting

STAFF = Rule("staff", (("group", ("beta", "staff")),), 1)


@pytest.fixture
def service(bench: Any) -> AbnService:
    """prod/backend (100/0) with a rule."""
    routemaps = bench.board.snapshot.routemaps
    state = routemaps["prod/backend"]
    versions = tuple(replace(version, weight=1 - version.index) for version in state.versions)
    targeted = replace(state, versions=versions, targeting=Targeting(rules=(STAFF,)))
    bench.board.snapshot = replace(bench.board.snapshot, routemaps={**routemaps, "prod/backend": targeted})
    return AbnService(bench.experiments)


@pytest.mark.parametrize(
    ("attributes", "version"), [({"group": "staff"}, 1), ({"group": "guests"}, 0), ({"grup": "staff"}, 0), ({}, 0)]
)
def test_attributes_reach_the_rules(service: AbnService, bench: Any, attributes: dict[str, str], version: int) -> None:
    asked = abn_pb2.Application(name="prod/backend", user="carol", attributes=attributes)

    answer = service.lookup(asked.SerializeToString())

    assert abn_pb2.VersionRecommendation.FromString(answer).versionNumber == version
    assert [exposure.arm.version for exposure in bench.writer.exposures] == [version]
