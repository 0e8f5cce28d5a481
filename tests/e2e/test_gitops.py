"""From a commit to a lookup: whole systems on real Git repositories."""

from __future__ import annotations

import math
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e import manifests
from tests.e2e.manifests import LOADED, LOADING, SEED_CANDIDATE, SEED_PRIMARY, SEED_PROMOTED, SEED_ROUTEMAP
from tests.e2e.system import Repository, System, eventually

pytestmark = pytest.mark.slow
BACKEND = "modelmesh-serving/backend"
USERS = [f"user-{n}" for n in range(60)]
Up = Callable[..., System]


def cli(system: System, *arguments: str) -> str:
    command = [sys.executable, "-m", "iter8_gitops", *arguments, "--server", system.url]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_the_tutorials_manifests_work_byte_for_byte(repository: Repository, up: Up) -> None:
    repository.commit({"backend.yaml": SEED_ROUTEMAP, "backend-0.yaml": SEED_PRIMARY})
    system = up(repository.path)
    system.await_weights(BACKEND, 1, 0)
    assert set(system.versions_of(BACKEND, USERS)) == {0}

    # Nobody reports a status, so nothing is known to be ready, and the primary gets everything.
    repository.commit({"backend-1.yaml": SEED_CANDIDATE})
    eventually(lambda: system.routemap(BACKEND)["versions"][1]["reason"] != "NotFound", "the candidate is seen")
    assert set(system.versions_of(BACKEND, USERS)) == {0}

    repository.commit({"backend-0.yaml": SEED_PRIMARY + LOADED, "backend-1.yaml": SEED_CANDIDATE + LOADING})
    waiting = eventually(
        lambda: (r := system.routemap(BACKEND))["versions"][0]["settled"] and r, "the primary is ready"
    )
    assert (waiting["versions"][1]["available"], waiting["versions"][1]["weight"]) == (False, 0)
    assert set(system.versions_of(BACKEND, USERS)) == {0}

    repository.commit({"backend-1.yaml": SEED_CANDIDATE + LOADED})
    system.await_weights(BACKEND, 1, 1)
    both = system.versions_of(BACKEND, USERS)
    assert set(both) == {0, 1}
    assert system.versions_of(BACKEND, USERS) == both

    repository.commit({"backend-0.yaml": SEED_PROMOTED + LOADED})
    repository.commit({"backend-1.yaml": None})
    system.await_weights(BACKEND, 1, 0)
    assert set(system.versions_of(BACKEND, USERS)) == {0}

    repository.commit({"backend.yaml": None})
    eventually(lambda: not system.routemap(BACKEND), "the routemap is gone")
    assert system.http.get("/v1/lookup", params={"application": BACKEND, "user": "a"}).status_code == 404


def test_a_broken_commit_leaves_the_others_updating_and_is_seen_everywhere(repository: Repository, up: Up) -> None:
    names = ("one", "two", "three")
    live = manifests.config_maps(*(f"{name}-{index}" for name in names for index in (0, 1)))
    repository.commit({"live.yaml": live, **{f"{name}.yaml": manifests.routemap(name, 1, 0) for name in names}})
    system = up(repository.path)
    for name in names:
        system.await_weights(f"shop/{name}", 1, 0)

    changed = {f"{name}.yaml": manifests.routemap(name, 3, 1) for name in names}
    changed["two.yaml"] = changed["two.yaml"].replace("weight: 3", "weight: three")
    repository.commit(changed)
    system.await_weights("shop/one", 3, 1)
    system.await_weights("shop/three", 3, 1)
    two = system.routemap("shop/two")
    assert [version["weight"] for version in two["versions"]] == [1, 0]
    (problem,) = two["problems"]
    assert (problem["file"], problem["line"], problem["column"]) == ("two.yaml", 6, 15)
    assert problem in system.http.get("/v1/routemaps").json()["problems"]
    assert "two.yaml:6:15: " in cli(system, "get", "routemaps")
    assert "two.yaml:6:15: " in system.log.read_text(encoding="utf-8")

    repository.commit({"two.yaml": manifests.routemap("two", 5, 5)})
    assert system.await_weights("shop/two", 5, 5)["problems"] == []


def test_twenty_thousand_users_split_90_to_10_and_two_systems_agree(repository: Repository, up: Up) -> None:
    live = manifests.config_maps("web-0", "web-1")
    repository.commit({"live.yaml": live, "web.yaml": manifests.routemap("web", 90, 10)})
    one, other = up(repository.path), up(repository.path, state="other")
    for system in (one, other):
        system.await_weights("shop/web", 90, 10)
    assert one.versions_of("shop/web", USERS) == other.versions_of("shop/web", USERS)
    assert one.versions_over_grpc("shop/web", USERS) == one.versions_of("shop/web", USERS)
    counts = Counter(one.versions_over_grpc("shop/web", [f"u{n}" for n in range(20_000)]))
    assert abs(counts[1] - 2000) <= 3 * math.sqrt(20_000 * 0.9 * 0.1)


def test_with_the_repository_gone_a_restart_answers_from_the_last_good_state(repository: Repository, up: Up) -> None:
    repository.commit({"live.yaml": manifests.config_maps("web-0"), "web.yaml": manifests.routemap("web", 1, 1)})
    system = up(repository.path.as_uri())
    system.await_weights("shop/web", 1, 0)
    before = system.lookup("shop/web", "alice")
    assert before["stale"] is False
    assert system.stop() == 0

    shutil.rmtree(repository.path)
    system = up(repository.path.as_uri())
    after = eventually(lambda: (a := system.lookup("shop/web", "alice"))["stale"] and a, "the answer is marked stale")
    assert after == {**before, "stale": True}
    readiness = system.http.get("/readyz")
    assert (readiness.status_code, readiness.json()["stale"]) == (200, True)
    assert "stale: " in cli(system, "get", "routemaps")


@pytest.mark.parametrize("kind", ["directory", "repository"])
def test_with_the_folder_gone_a_restart_answers_from_the_last_good_state(
    kind: str, tmp_path: Path, repository: Repository, up: Up
) -> None:
    folder = tmp_path / "folder" if kind == "directory" else repository.path
    files = {"live.yaml": manifests.config_maps("web-0", "web-1"), "web.yaml": manifests.routemap("web", 1, 1)}
    repository.commit(files)
    if kind == "directory":
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
    system = up(folder)
    system.await_weights("shop/web", 1, 1)
    before = system.versions_of("shop/web", USERS)
    system.stop()

    folder.rename(tmp_path / "away")
    system = up(folder)
    eventually(lambda: system.lookup("shop/web", "alice")["stale"], "the answers are marked stale")
    assert system.versions_of("shop/web", USERS) == before

    (tmp_path / "away").rename(folder)
    eventually(lambda: not system.lookup("shop/web", "alice")["stale"], "the answers are fresh again")
    assert system.versions_of("shop/web", USERS) == before


def test_a_directory_is_followed_as_it_is_edited(tmp_path_factory: pytest.TempPathFactory, up: Up) -> None:
    folder = tmp_path_factory.mktemp("routemaps")
    (folder / "web.yaml").write_text(manifests.routemap("web", 1, 1), encoding="utf-8")
    system = up(folder)
    system.await_weights("shop/web", 1, 0)
    (folder / "live.yaml").write_text(manifests.config_maps("web-0", "web-1"), encoding="utf-8")
    system.await_weights("shop/web", 1, 1)


def test_the_command_line_shows_routemaps_and_looks_up(repository: Repository, up: Up) -> None:
    live = manifests.config_maps("web-0")
    repository.commit({"live.yaml": live, "web.yaml": manifests.routemap("web", 1, 1)})
    system = up(repository.path)
    system.await_weights("shop/web", 1, 0)
    table = cli(system, "get", "routemaps", "shop/web")
    assert "shop/web" in table
    assert "NotFound" in table
    assert "version 0 (v0)" in cli(system, "lookup", "shop/web", "alice")
    assert '"versionNumber": 0' in cli(system, "lookup", "shop/web", "alice", "-o", "json")


def test_ctrl_c_stops_every_process(repository: Repository, up: Up) -> None:
    repository.commit({"README.md": "nothing yet\n"})
    system = up(repository.path)
    pids = system.processes()
    assert len(pids) >= 6, "supervisor, controller, gunicorn and two workers, gRPC"
    assert system.stop() == 0
    eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), "every process has gone", seconds=5)


def test_a_second_controller_on_the_same_state_is_refused(repository: Repository, up: Up) -> None:
    repository.commit({"README.md": "nothing yet\n"})
    system = up(repository.path)
    command = [sys.executable, "-m", "iter8_gitops", "controller", str(repository.path), "--state-dir"]
    second = subprocess.run([*command, str(system.log.with_suffix(""))], capture_output=True, text=True, check=False)
    assert second.returncode == 2
    assert "controller" in second.stderr or "publisher" in second.stderr
