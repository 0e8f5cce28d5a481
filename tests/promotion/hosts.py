"""Hosts of Git repositories on the loopback interface that speak the documented APIs of GitHub, GitLab and Gitea."""

from __future__ import annotations

import json
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "t0ken-s3cr3t"


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    document: Any


@dataclass(frozen=True)
class Answer:
    """What is answered."""

    status: int
    document: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Host(ABC):
    """A host with one repository, `you/shop`. `failures` are answered first, one after the other."""

    type = ""
    path = ""
    authorization = ""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.failures: list[Answer] = []
        self.opened: list[dict[str, Any]] = []
        self.foreign: list[dict[str, Any]] = []
        self.url = ""

    @property
    def posts(self) -> list[Asked]:
        """What was asked to be made."""
        return [asked for asked in self.asked if asked.method == "POST"]

    def answer(self, asked: Asked) -> Answer:
        """The answer to a request."""
        self.asked.append(asked)
        if self.failures:
            return self.failures.pop(0)
        if asked.headers.get("authorization") != self.authorization:
            return self.unauthorized()
        if asked.path != self.path:
            return self.missing()
        if asked.method == "GET":
            return Answer(200, self.listed(asked.query))
        if any(self.branch_of(each) == self.wanted_branch(asked.document) for each in self.opened):
            return self.exists()
        made = self.made(asked.document, len(self.opened) + 1)
        self.opened.append(made)
        return Answer(201, made)

    @abstractmethod
    def listed(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        """The open ones that a query is for."""

    @abstractmethod
    def made(self, document: Any, number: int) -> dict[str, Any]:
        """A new one."""

    @abstractmethod
    def branch_of(self, made: Mapping[str, Any]) -> str:
        """The branch of one."""

    @abstractmethod
    def wanted_branch(self, document: Any) -> str:
        """The branch that one is asked for."""

    @abstractmethod
    def exists(self) -> Answer:
        """The refusal of a second one."""

    @abstractmethod
    def unauthorized(self) -> Answer:
        """The refusal of a token."""

    @abstractmethod
    def missing(self) -> Answer:
        """The answer for what is not there, or may not be seen."""


class GithubHost(Host):
    """GitHub Enterprise Server: https://docs.github.com/en/enterprise-server/rest/pulls/pulls."""

    type = "github"
    path = "/api/v3/repos/you/shop/pulls"
    authorization = f"Bearer {TOKEN}"

    def listed(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        assert query["state"] == "open"
        return [each for each in self.opened if f"you:{self.branch_of(each)}" == query["head"]]

    def made(self, document: Any, number: int) -> dict[str, Any]:
        assert set(document) == {"title", "body", "head", "base"}
        return {
            "number": number,
            "html_url": f"{self.url}/you/shop/pull/{number}",
            "state": "open",
            "title": document["title"],
            "head": {"ref": document["head"]},
            "base": {"ref": document["base"]},
        }

    def branch_of(self, made: Mapping[str, Any]) -> str:
        return str(made["head"]["ref"])

    def wanted_branch(self, document: Any) -> str:
        return str(document["head"])

    def exists(self) -> Answer:
        said = "A pull request already exists for you:branch."
        errors = [{"resource": "PullRequest", "code": "custom", "message": said}]
        return Answer(422, {"message": "Validation Failed", "errors": errors, "status": "422"})

    def unauthorized(self) -> Answer:
        return Answer(401, {"message": "Bad credentials", "status": "401"})

    def missing(self) -> Answer:
        return Answer(404, {"message": "Not Found", "status": "404"})


class GitlabHost(Host):
    """GitLab: https://docs.gitlab.com/api/merge_requests/."""

    type = "gitlab"
    path = "/api/v4/projects/you%2Fshop/merge_requests"
    authorization = f"Bearer {TOKEN}"

    def listed(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        assert query["state"] == "opened"
        return [each for each in (*self.foreign, *self.opened) if each["source_branch"] == query["source_branch"]]

    def made(self, document: Any, number: int) -> dict[str, Any]:
        assert {"title", "description", "source_branch", "target_branch"} <= set(document)
        return {
            "id": 1000 + number,
            "iid": number,
            "web_url": f"{self.url}/you/shop/-/merge_requests/{number}",
            "source_branch": document["source_branch"],
            "target_branch": document["target_branch"],
            "title": document["title"],
            "source_project_id": 7,
            "target_project_id": 7,
        }

    def branch_of(self, made: Mapping[str, Any]) -> str:
        return str(made["source_branch"])

    def wanted_branch(self, document: Any) -> str:
        return str(document["source_branch"])

    def exists(self) -> Answer:
        return Answer(409, {"message": ["Another open merge request already exists for this source branch: !1"]})

    def unauthorized(self) -> Answer:
        return Answer(401, {"message": "401 Unauthorized"})

    def missing(self) -> Answer:
        return Answer(404, {"message": "404 Project Not Found"})


class GiteaHost(Host):
    """Gitea: https://docs.gitea.com/api/."""

    type = "gitea"
    path = "/api/v1/repos/you/shop/pulls"
    authorization = f"token {TOKEN}"

    def listed(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        assert query["state"] == "open"
        page, limit = int(query["page"]), int(query["limit"])
        return [*self.foreign, *self.opened][(page - 1) * limit : page * limit]

    def made(self, document: Any, number: int) -> dict[str, Any]:
        assert set(document) == {"title", "body", "head", "base"}
        return {
            "number": number,
            "html_url": f"{self.url}/you/shop/pulls/{number}",
            "title": document["title"],
            "head": {"ref": document["head"], "repo_id": 7},
            "base": {"ref": document["base"], "repo_id": 7},
        }

    def branch_of(self, made: Mapping[str, Any]) -> str:
        return str(made["head"]["ref"])

    def wanted_branch(self, document: Any) -> str:
        return str(document["head"])

    def exists(self) -> Answer:
        said = "pull request already exists for these targets [id: 1, issue_id: 1, head_repo_id: 7, base_repo_id: 7]"
        return Answer(409, {"message": said, "url": f"{self.url}/api/swagger"})

    def unauthorized(self) -> Answer:
        return Answer(401, {"message": "invalid username, password or token", "url": f"{self.url}/api/swagger"})

    def missing(self) -> Answer:
        return Answer(404, {"message": "The target couldn't be found.", "url": f"{self.url}/api/swagger", "errors": []})


HOSTS: dict[str, type[Host]] = {"github": GithubHost, "gitlab": GitlabHost, "gitea": GiteaHost}


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, host: Host, *arguments: object) -> None:
        self._host = host
        super().__init__(*arguments)  # type: ignore[arg-type]  # the arguments of socketserver, passed on as they are

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        """Stay quiet."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query, strict_parsing=bool(parts.query)).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self._host.answer(Asked(self.command, parts.path, query, headers, json.loads(body) if body else None))
        content = answer.document.encode() if isinstance(answer.document, str) else json.dumps(answer.document).encode()
        self.send_response(answer.status)
        for name, value in {"Content-Length": str(len(content)), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def hosting(kind: str) -> Iterator[Host]:
    """Run a host of that kind."""
    host = HOSTS[kind]()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, host)) as server:
        host.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield host
        finally:
            server.shutdown()
            thread.join()
