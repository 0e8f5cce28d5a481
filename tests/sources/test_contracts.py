"""The first-party sources keep the contract that those of other people's plugins are held to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

import pytest
import yaml
from iter8_gitops_plugins.backends import kubernetes, sources

from iter8_gitops.contracts.source import Source, SourceRequest
from iter8_gitops.kube.client import KubeClient
from iter8_gitops.kube.reflector import Timing
from iter8_gitops.sources.configmaps import ConfigMapSource
from iter8_gitops.sources.directory import DirectorySource
from iter8_gitops.spec.tree import SourceTree
from iter8_gitops.testing import SourceContract, SourcePlace
from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.proxy import ChaosProxy
from tests.sources.repositories import Repository
from tests.sources.servers import GitHttpServer


class Folder:
    """A folder; it fails by being away."""

    def __init__(self, parent: Path) -> None:
        self.secrets: Collection[str] = ()
        self.path = parent / "routemaps"
        self.path.mkdir()
        self.request = SourceRequest(str(self.path), "directory", parent / "cache", read_before=True)

    def put(self, files: Mapping[str, str]) -> None:
        for file in [each for each in self.path.rglob("*.yaml") if str(each.relative_to(self.path)) not in files]:
            file.unlink()
        for name, text in files.items():
            file = self.path / name
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)

    def fail(self) -> None:
        self.path.rename(self.path.with_name("away"))

    def mend(self) -> None:
        self.path.with_name("away").rename(self.path)


class ServedRepository:
    """A Git repository behind HTTP and a password; it fails by being stopped."""

    def __init__(self, parent: Path) -> None:
        self.secrets: Collection[str] = ("hunter2",)
        self._repository = Repository(parent / "served" / "routemaps")
        self._repository.commit_all()
        self._server = GitHttpServer(parent / "served", username="ada", password="hunter2")
        self._server.start()
        url = f"http://ada:hunter2@127.0.0.1:{self._server.port}/routemaps"
        self.request = SourceRequest(url, "git", parent / "cache", interval=0.1)

    def put(self, files: Mapping[str, str]) -> None:
        tracked = self._repository.git("ls-files").splitlines()
        self._repository.commit({**dict.fromkeys(tracked), **files})

    def fail(self) -> None:
        self._server.stop()

    def mend(self) -> None:
        self._server.start()

    def close(self) -> None:
        self._server.stop()


class ConfigMaps:
    """The ConfigMaps of a namespace, named after the files; they are away when the API server cannot be reached."""

    def __init__(self, plane: ControlPlane, proxy: ChaosProxy, namespace: str, cache: Path) -> None:
        self.secrets: Collection[str] = ()
        self.client = KubeClient.connect(kubeconfig=str(plane.kubeconfig(server=proxy.url)))
        self.namespace = namespace
        self.request = SourceRequest("", "configmaps", cache)
        self._plane, self._proxy = plane, proxy

    def put(self, files: Mapping[str, str]) -> None:
        names = {path.replace("/", "-"): path for path in files}
        labels = {"iter8.tools/kind": "routemap"}
        for name, path in names.items():
            metadata = {"name": name, "namespace": self.namespace, "labels": labels, "annotations": {"path": path}}
            data = {"strSpec": files[path]}
            self._plane.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})
        for each in self._plane.list_all("", "v1", "configmaps", self.namespace):
            metadata = each["metadata"]
            if metadata.get("labels") == labels and metadata["name"] not in names:
                self._plane.delete("", "v1", "configmaps", self.namespace, metadata["name"])

    def fail(self) -> None:
        self._proxy.refuse()
        self._proxy.cut()

    def mend(self) -> None:
        self._proxy.accept()


class TestDirectory(SourceContract):
    plugin = sources
    foreign = ""

    @pytest.fixture
    def place(self, tmp_path: Path) -> Folder:
        return Folder(tmp_path)

    def open(self, place: SourcePlace) -> Source:
        assert isinstance(self.plugins().open_source(place.request), DirectorySource)
        return DirectorySource(Path(place.request.location), name="directory", rescan=0.1)


class TestGit(SourceContract):
    plugin = sources
    foreign = ""

    @pytest.fixture
    def place(self, tmp_path: Path) -> Iterator[ServedRepository]:
        served = ServedRepository(tmp_path)
        yield served
        served.close()


@pytest.mark.slow
class TestConfigMaps(SourceContract):
    plugin = kubernetes

    @pytest.fixture
    def place(
        self,
        control_plane: ControlPlane,
        chaos_proxy: Callable[[ControlPlane], ChaosProxy],
        namespace: str,
        tmp_path: Path,
    ) -> Iterator[ConfigMaps]:
        place = ConfigMaps(control_plane, chaos_proxy(control_plane), namespace, tmp_path)
        yield place
        place.client.close()

    def open(self, place: SourcePlace) -> Source:
        assert isinstance(place, ConfigMaps)
        timing = Timing(longest_delay=0.2)
        return ConfigMapSource(place.client, place.namespace, grace=0.5, look=0.3, timing=timing)

    def files_of(self, tree: SourceTree) -> dict[str, str]:
        objects = [yaml.safe_load(file.content) for file in tree.files]
        return {each["metadata"]["annotations"]["path"]: each["data"]["strSpec"] for each in objects}
