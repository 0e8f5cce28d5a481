"""Where a client finds its cluster, and what it says when there is none to be found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from iter8_gitops.errors import ConfigurationError
from iter8_gitops.kube import credentials
from iter8_gitops.kube.client import KubeClient
from iter8_gitops.kube.credentials import find_access
from tests.kube.fake_api import write_kubeconfig

_POD = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}


@pytest.fixture(autouse=True)
def _bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No kubeconfig in the home folder, no proxies."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("KUBECONFIG", *_POD):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def _change(path: Path, **changes: Any) -> None:
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | changes))


def test_server_context_and_namespace_are_those_of_the_file(tmp_path: Path) -> None:
    client = KubeClient.connect(kubeconfig=str(write_kubeconfig(tmp_path, "https://example.test:6443/")))

    assert (client.server, client.context, client.namespace) == ("https://example.test:6443", "fake", "team")
    client.close()


def test_another_context_can_be_chosen_even_without_a_current_one(tmp_path: Path) -> None:
    path = write_kubeconfig(tmp_path, "https://example.test")
    contexts = [{"name": "second", "context": {"cluster": "fake", "user": "someone"}}]
    _change(path, contexts=contexts, **{"current-context": ""})

    access = find_access(str(path), "second", {})

    assert (access.context, access.namespace) == ("second", "default")


def test_the_environment_names_the_file(tmp_path: Path) -> None:
    path = write_kubeconfig(tmp_path, "https://example.test")

    access = find_access(None, None, {"KUBECONFIG": f"{tmp_path / 'missing'}:{path}", **_POD})

    assert access.configuration.host == "https://example.test"


def test_the_file_in_the_home_folder_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "home" / ".kube"
    folder.mkdir(parents=True)
    write_kubeconfig(folder, "https://example.test").rename(folder / "config")

    assert find_access(None, None, {}).configuration.host == "https://example.test"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "a: [1",
        "- 1",
        "text",
        "clusters: 5",
        "current-context: nowhere",
        "current-context: a\ncontexts: [{name: a}]",
        "current-context: a\ncontexts: [{name: a, context: {cluster: b}}]\nclusters: []",
        "current-context: a\ncontexts: [{name: a, context: {cluster: b}}]\nclusters: [{name: b, cluster: {}}]",
        "current-context: a\ncontexts: [{name: a, context: {cluster: b}}]\n"
        "clusters: [{name: b, cluster: {server: 'host:1'}}]",
        "current-context: a\ncontexts: [{name: a, context: {cluster: b}}]\n"
        "clusters: [{name: b, cluster: {server: 'https://h', certificate-authority: missing.crt}}]",
        "current-context: a\ncontexts: [{name: a, context: {cluster: b}}]\n"
        "clusters: [{name: b, cluster: {server: 'https://h', certificate-authority-data: 5}}]",
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(content)

    with pytest.raises(ConfigurationError, match=r"kubeconfig .*broken\.yaml") as caught:
        find_access(str(path), None, {})

    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named() -> None:
    with pytest.raises(ConfigurationError, match="kubeconfig /nowhere/config: no such file"):
        KubeClient.connect(kubeconfig="/nowhere/config")


def test_a_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=f"kubeconfig {tmp_path}: "):
        find_access(str(tmp_path), None, {})


def test_an_unknown_context_is_named(tmp_path: Path) -> None:
    path = write_kubeconfig(tmp_path, "https://example.test")

    with pytest.raises(ConfigurationError, match=r"kubeconfig\.yaml: .*nowhere"):
        find_access(str(path), "nowhere", {})


def test_no_configuration_at_all_says_what_there_could_be() -> None:
    with pytest.raises(ConfigurationError, match=r"no kubeconfig file was named.* no pod"):
        find_access(None, None, {})


def test_a_context_needs_a_file() -> None:
    with pytest.raises(ConfigurationError, match="no kubeconfig file to find the context 'mine' in"):
        find_access(None, "mine", _POD)


def test_a_pod_without_a_service_account_is_told_so() -> None:
    with pytest.raises(ConfigurationError, match="service account in /var/run/secrets"):
        find_access(None, None, _POD)


def test_in_a_pod_the_service_account_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, content in {"token": "first", "ca.crt": "CA", "namespace": "mine\n"}.items():
        (tmp_path / name).write_text(content)
    loader = "kubernetes.config.incluster_config"
    monkeypatch.setattr(f"{loader}.SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(f"{loader}.SERVICE_CERT_FILENAME", str(tmp_path / "ca.crt"))
    monkeypatch.setattr(credentials, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    for name, value in _POD.items():
        monkeypatch.setenv(name, value)

    access = find_access(None, None)

    assert (access.configuration.host, access.context, access.namespace) == ("https://10.0.0.1:443", "", "mine")
    assert access.configuration.get_api_key_with_prefix("BearerToken") == "bearer first"


def test_a_proxy_of_the_environment_does_not_lead_back_to_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.test:3128")

    def proxy_for(server: str) -> str | None:
        return find_access(str(write_kubeconfig(tmp_path, server)), None, {}).configuration.proxy

    assert proxy_for("https://127.0.0.1:6443") is None
    assert proxy_for("https://[::1]:6443") is None
    assert proxy_for("https://localhost:6443") is None
    assert proxy_for("https://example.test") == "http://proxy.test:3128"


def test_a_proxy_of_the_file_is_used_for_every_address(tmp_path: Path) -> None:
    path = write_kubeconfig(tmp_path, "https://127.0.0.1:6443")
    cluster = {"server": "https://127.0.0.1:6443", "proxy-url": "http://jump.test:1080"}
    _change(path, clusters=[{"name": "fake", "cluster": cluster}])

    assert find_access(str(path), None, {}).configuration.proxy == "http://jump.test:1080"
