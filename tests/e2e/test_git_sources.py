"""Several Git sources of a running system, and webhooks that make it look at once."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.manifests import config_maps, routemap
from tests.e2e.system import Repository, System, eventually

pytestmark = pytest.mark.slow
Up = Callable[..., System]


@pytest.fixture
def second(tmp_path: Path) -> Iterator[Repository]:
    repository = Repository(tmp_path / "second")
    yield repository
    repository.close()


def test_a_push_that_a_host_tells_of_takes_effect_long_before_the_next_poll(
    repository: Repository, second: Repository, up: Up, tmp_path: Path
) -> None:
    repository.commit({"web.yaml": routemap("web", 1, 1), "live.yaml": config_maps("web-0", "web-1", "more-0")})
    second.commit({"more.yaml": routemap("more", 1)})
    (tmp_path / "secret").write_text("shared\n")
    (tmp_path / "config.yaml").write_text(
        f"sources: [{{name: more, location: 'file://{second.path}', interval: 1h}}]\n"
    )
    system = up(
        *(repository.path, "--config", str(tmp_path / "config.yaml")),
        *("--webhook-secret-file", str(tmp_path / "secret")),
    )
    system.await_weights("shop/web", 1, 1)
    system.await_weights("shop/more", 1)

    commit = second.commit({"more.yaml": routemap("more", 7)})
    body = b'{"ref": "refs/heads/main"}'
    signature = hmac.new(b"shared", body, hashlib.sha256).hexdigest()
    headers = {"X-GitHub-Event": "push", "X-Hub-Signature-256": f"sha256={signature}"}
    answer = system.http.post("/v1/hooks/git", content=body, headers=headers)
    assert (answer.status_code, answer.json()["result"]) == (202, "accepted")
    system.await_weights("shop/more", 7)

    def revision() -> bool:
        found = {each["name"]: each for each in system.http.get("/v1/sources").json()["sources"]}
        return (found["more"]["revision"], found["more"]["result"], found["routemaps"]["routemaps"]) == (
            commit,
            "applied",
            1,
        )

    eventually(revision, "both sources")
    forged = system.http.post("/v1/hooks/git", content=b"{}", headers=headers)
    assert forged.status_code == 401
