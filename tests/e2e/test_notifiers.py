"""Notifiers of a running system: what a team and its pipelines are told, from Git commits on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.manifests import config_map, routemap
from tests.e2e.system import Repository, System, eventually
from tests.plugins.receivers import Reply, receiving

pytestmark = pytest.mark.slow
Up = Callable[..., System]

CONFIGURATION = """\
notifiers:
  - type: slack
    url: {{fromFile: url}}
    events: [ready, promoted, problem]
  - type: github-dispatch
    apiUrl: {api}
    repository: you/deployments
    token: {{fromFile: token}}
    applications: ["shop/*"]
  - type: github-status
    events: [revision]
    apiUrl: {statuses}
    repository: you/routemaps
    token: {{fromFile: token}}
"""


def test_a_team_is_told_of_versions_promotions_and_problems(repository: Repository, up: Up, tmp_path: Path) -> None:
    with receiving() as chat, receiving(Reply(204)) as github, receiving(Reply(201)) as statuses:
        (tmp_path / "url").write_text(f"{chat.url}/services/SECRET-PATH\n")
        (tmp_path / "token").write_text("SECRET-TOKEN\n")
        (tmp_path / "config.yaml").write_text(CONFIGURATION.format(api=github.url, statuses=statuses.url))
        both = f"{config_map('web-0')}---\n{config_map('web-1', '2')}"
        repository.commit({"web.yaml": routemap("web", 1, 1), "live.yaml": both})
        system = up(repository.path, "--config", str(tmp_path / "config.yaml"))

        eventually(lambda: sum("is ready" in line for line in chat.texts) == 2, "both versions are told of")
        repository.commit({"live.yaml": config_map("web-0", "2")})
        eventually(lambda: any("v1 is promoted" in line for line in chat.texts), "the promotion is told of")
        broken = repository.commit({"web.yaml": routemap("web", 1, 1).replace("weight", "wieght", 1)})
        eventually(lambda: any("wieght is an unknown key" in line for line in chat.texts), "the problem is told of")

        eventually(lambda: len(github.requests) == 4, "the events for pipelines")
        kinds = [request.json["event_type"] for request in github.requests]
        assert kinds == ["iter8-ready", "iter8-ready", "iter8-promoted", "iter8-problem"]
        assert {request.headers["authorization"] for request in github.requests} == {"Bearer SECRET-TOKEN"}
        eventually(lambda: len(statuses.requests) == 3, "a status for each commit")
        assert [request.json["state"] for request in statuses.requests] == ["success", "success", "failure"]
        assert statuses.requests[2].target == f"/repos/you/routemaps/statuses/{broken}"
        commands = " ".join(system.processes().values())
        assert system.stop() == 0
        assert "SECRET" not in system.log.read_text(encoding="utf-8")
        assert "SECRET" not in commands
