"""What a person's options become."""

from __future__ import annotations

from pathlib import Path

import pytest

from iter8_gitops.errors import ConfigurationError
from iter8_gitops.runtime.wiring import ControllerSettings, feeds_of
from iter8_gitops.spec.state_folder import StateFolder


def feeds(tmp_path: Path, cluster: str) -> list[tuple[str, bool, bool]]:
    settings = ControllerSettings(str(tmp_path), StateFolder(tmp_path / "state"), cluster=cluster)
    return [(feed.source.location, feed.routemaps, feed.resources) for feed in feeds_of(settings)]


def test_by_default_the_objects_beside_the_routemaps_stand_for_the_cluster(tmp_path: Path) -> None:
    assert feeds(tmp_path, "manifests") == [(f"directory {tmp_path}", True, True)]


def test_a_directory_of_its_own_may_stand_for_the_cluster(tmp_path: Path) -> None:
    (tmp_path / "live").mkdir()
    both = [(f"directory {tmp_path}", True, False), (f"directory {tmp_path}/live", False, True)]
    assert feeds(tmp_path, f"manifests:{tmp_path}/live") == both
    assert feeds(tmp_path, f"{tmp_path}/live") == both


@pytest.mark.parametrize("cluster", ["kubernets", "", "nowhere/live"])
def test_an_unknown_cluster_is_refused_with_what_is_known(tmp_path: Path, cluster: str) -> None:
    with pytest.raises(ConfigurationError, match="manifests:DIR"):
        feeds(tmp_path, cluster)
