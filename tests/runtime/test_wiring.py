"""What a person's options become."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from iter8_gitops.contracts.cluster import ClusterAccess
from iter8_gitops.errors import ConfigurationError
from iter8_gitops.runtime.settings import ControllerSettings
from iter8_gitops.runtime.wiring import check_settings, controller_parts
from iter8_gitops.spec.state_folder import StateFolder


def feeds(tmp_path: Path, cluster: str) -> list[tuple[str, bool, bool]]:
    settings = ControllerSettings(str(tmp_path), StateFolder(tmp_path / "state"), cluster=cluster)
    with ExitStack() as stack:
        parts = controller_parts(settings, stack)
    return [(feed.source.location, feed.routemaps, feed.resources) for feed in parts.feeds]


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


KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: dev
contexts: [{name: dev, context: {cluster: one, user: me, namespace: shop}}]
clusters: [{name: one, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: me, user: {token: secret}}]
"""


def real(tmp_path: Path, location: str | None = None, **access: object) -> ControllerSettings:
    (tmp_path / "kubeconfig").write_text(KUBECONFIG)
    given = ClusterAccess(kubeconfig=str(tmp_path / "kubeconfig"), **access)  # type: ignore[arg-type]
    return ControllerSettings(location, StateFolder(tmp_path / "state"), cluster="kubernetes", access=given)


def test_a_real_cluster_is_a_source_of_routemaps_beside_git(tmp_path: Path) -> None:
    with ExitStack() as stack:
        parts = controller_parts(real(tmp_path, str(tmp_path)), stack)
        seen = [(feed.source.name, feed.routemaps, feed.resources) for feed in parts.feeds]
    assert seen == [("routemaps", True, False), ("configmaps", True, False), ("cluster", False, True)]


def test_the_config_maps_can_be_left_out_but_then_something_else_must_be_read(tmp_path: Path) -> None:
    with ExitStack() as stack:
        parts = controller_parts(real(tmp_path, str(tmp_path), configmaps=False), stack)
        assert [feed.source.name for feed in parts.feeds] == ["routemaps", "cluster"]
    with pytest.raises(ConfigurationError, match="nothing to read routemaps from"):
        check_settings(real(tmp_path, configmaps=False))


def test_a_scope_of_one_namespace_is_that_of_the_context(tmp_path: Path) -> None:
    with ExitStack() as stack:
        parts = controller_parts(real(tmp_path, scope="namespace"), stack)
        assert [feed.source.location for feed in parts.feeds] == [
            "ConfigMaps of https://127.0.0.1:1, namespace shop",
            "https://127.0.0.1:1, namespace shop",
        ]


def test_a_location_can_only_be_left_out_with_a_real_cluster(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"give PATH\|URL"):
        check_settings(ControllerSettings(None, StateFolder(tmp_path / "state")))


def test_options_of_a_real_cluster_without_one_are_refused(tmp_path: Path) -> None:
    settings = ControllerSettings(str(tmp_path), StateFolder(tmp_path), access=ClusterAccess(context="dev"))
    with pytest.raises(ConfigurationError, match="--context is for a real cluster; add --cluster kubernetes"):
        check_settings(settings)


def test_a_short_name_that_two_kinds_claim_is_told_at_the_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("resourceTypes: {deploy: {Group: x.io, Version: v1, Resource: widgets, Kind: Widget}}\n")
    (tmp_path / "tree").mkdir()
    settings = ControllerSettings(str(tmp_path / "tree"), StateFolder(tmp_path / "state"), config=config)
    with ExitStack() as stack:
        controller_parts(settings, stack)
    said = "the short name deploy stands for Widget (x.io), and not for Deployment (apps), which claims it too"
    assert said in caplog.messages
