"""Pull requests at the hosts, by their documented APIs."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest
from iter8_gitops_plugins import hosts as plugin
from iter8_gitops_plugins.hosts.gitea import Gitea
from iter8_gitops_plugins.hosts.github import Github
from iter8_gitops_plugins.hosts.gitlab import Gitlab
from iter8_gitops_plugins.hosts.proposing import ProposingHost

from iter8_gitops.contracts.git_host import GitHost, GitHostRequest, PullRequestDraft
from iter8_gitops.errors import ConfigurationError, UnavailableError
from iter8_gitops.hooks.manager import Plugins
from iter8_gitops.promotion.hosting import host_request
from tests.plugins.receivers import unused_port, without_proxies
from tests.plugins.secrecy import assert_hidden, everything_logged, everything_said
from tests.promotion.hosts import HOSTS, TOKEN, Answer, Host, hosting

BRANCH = "iter8/promote-shop-checkout-0123456789abcdef"
DRAFT = PullRequestDraft(BRANCH, "main", "Promote v1 of shop/checkout", "Why:\n\nIter8-Version: v1")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    without_proxies(monkeypatch)
    monkeypatch.setattr("iter8_gitops_plugins.hosts.api._PAUSES", (0.0, 0.0, 0.0))


@pytest.fixture(params=list(HOSTS))
def host(request: pytest.FixtureRequest) -> Iterator[Host]:
    with hosting(request.param) as host:
        yield host


@pytest.fixture(scope="module")
def loaded() -> Plugins:
    return Plugins.load(entry_points=False, extra={"git-hosts": plugin})


def opened(host: Host, loaded: Plugins, *, token: str = TOKEN, repository: str = "you/shop") -> GitHost:
    return loaded.open_git_host(GitHostRequest(host.type, host.url, "127.0.0.1", repository, token))


def refusal(client: GitHost) -> str:
    """What is said when nothing can be opened; the token never is."""
    with pytest.raises((ConfigurationError, UnavailableError)) as caught:
        client.open_pull_request(DRAFT)
    assert_hidden(*everything_said(caught.value), repr(client))
    return str(caught.value)


def test_one_is_opened_with_all_that_people_need(host: Host, loaded: Plugins) -> None:
    found = opened(host, loaded).open_pull_request(DRAFT)
    assert (found.number, found.url) == (1, host.opened[0].get("html_url") or host.opened[0]["web_url"])
    (posted,) = host.posts
    assert posted.document["title"] == DRAFT.title
    assert DRAFT.body in posted.document.values()
    assert {BRANCH, "main"} <= {value for value in posted.document.values() if isinstance(value, str)}


def test_one_that_is_open_is_found_and_not_doubled(host: Host, loaded: Plugins) -> None:
    client = opened(host, loaded)
    assert client.find_pull_request(BRANCH) is None
    first = client.open_pull_request(DRAFT)
    assert client.find_pull_request(BRANCH) == first
    assert client.open_pull_request(replace(DRAFT, title="Another title")) == first
    assert len(host.posts) == 1


def test_one_that_somebody_else_opens_at_the_same_moment_is_returned(host: Host, loaded: Plugins) -> None:
    client = opened(host, loaded)
    first = client.open_pull_request(DRAFT)
    host.failures = [Answer(200, [])]  # When it was looked for, it was not there yet.
    assert client.open_pull_request(DRAFT) == first
    assert len(host.posts) == 2


def test_one_for_another_branch_is_not_taken_for_it(host: Host, loaded: Plugins) -> None:
    client = opened(host, loaded)
    client.open_pull_request(replace(DRAFT, branch="other"))
    assert client.find_pull_request(BRANCH) is None


@pytest.mark.parametrize("kind", ["gitlab", "gitea"])
def test_one_from_a_fork_is_not_taken_for_it(kind: str, loaded: Plugins) -> None:
    with hosting(kind) as host:
        client = opened(host, loaded)
        client.open_pull_request(DRAFT)
        theirs = host.opened.pop()
        host.foreign.append({**theirs, "source_project_id": 8, "head": {"ref": BRANCH, "repo_id": 8}})
        assert client.find_pull_request(BRANCH) is None


def test_gitea_is_looked_through_page_by_page(loaded: Plugins) -> None:
    with hosting("gitea") as host:
        host.foreign = [host.made({"title": "", "body": "", "head": f"b{n}", "base": "main"}, n) for n in range(120)]
        client = opened(host, loaded)
        assert client.open_pull_request(DRAFT).number == 1
        found = client.find_pull_request(BRANCH)
        assert found is not None
        assert found.number == 1


def test_a_token_that_is_not_valid_is_told(host: Host, loaded: Plugins) -> None:
    said = refusal(opened(host, loaded, token="wr0ng-s3cr3t"))
    assert f"{host.url} (" in said
    assert "answers 401, so the token is not valid, or has expired" in said


def test_a_repository_that_is_not_there_or_may_not_be_seen_is_told_with_the_rights(host: Host, loaded: Plugins) -> None:
    said = refusal(opened(host, loaded, repository="you/nothing"))
    assert "so there is no repository you/nothing, or the token may not see it: it needs" in said


def test_a_token_that_may_not_is_told_with_the_rights(host: Host, loaded: Plugins) -> None:
    host.failures = [Answer(200, []), Answer(403, {"message": f"Resource not accessible with {TOKEN}"})]
    said = refusal(opened(host, loaded))
    assert "answers 403, so the token may not do this: it needs" in said
    assert "(Resource not accessible with ***)" in said


def test_another_refusal_is_quoted(host: Host, loaded: Plugins) -> None:
    errors = [{"message": "No commits between main and it"}]
    host.failures = [Answer(200, []), Answer(422, {"message": "Validation Failed", "errors": errors})]
    assert "answers 422 (Validation Failed; No commits between main and it)" in refusal(opened(host, loaded))


@pytest.mark.parametrize(
    "failure",
    [
        Answer(500),
        Answer(503, "away"),
        Answer(429, headers={"Retry-After": "0"}),
        Answer(403, headers={"Retry-After": "0"}),
    ],
)
def test_what_fails_for_now_is_tried_again(host: Host, loaded: Plugins, failure: Answer) -> None:
    host.failures = [failure, Answer(200, []), failure, failure]
    assert opened(host, loaded).open_pull_request(DRAFT).number == 1


def test_what_fails_for_long_is_given_up(host: Host, loaded: Plugins) -> None:
    host.failures = [Answer(502)] * 99
    assert refusal(opened(host, loaded)) == f"{host.url} answers 502; try again later"
    assert len(host.asked) == 4


def test_the_host_says_how_long_to_wait_but_not_for_ever(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    from iter8_gitops_plugins.hosts.api import Api

    waited: list[float] = []
    host.failures = [Answer(429, headers={"Retry-After": "7"}), Answer(429, headers={"Retry-After": "9999"})]
    api = Api(host.url, TOKEN, host.authorization, sleep=waited.append)
    host.failures.append(Answer(200, []))
    assert api.get(host.path).status == 200
    assert waited == [7.0, 30.0]


def test_a_host_that_is_away_is_told(host: Host, loaded: Plugins) -> None:
    host.url = f"http://127.0.0.1:{unused_port()}"
    assert refusal(opened(host, loaded)) == f"{host.url} cannot be reached: connection refused; try again later"


@pytest.mark.parametrize("body", ["<html>", "null", '"text"', "{}", "[1]", '[{"head": 1}]'])
def test_something_that_is_no_such_host_is_told(host: Host, loaded: Plugins, body: str) -> None:
    host.failures = [Answer(200, body)] * 2
    with pytest.raises(UnavailableError, match=host.url):
        opened(host, loaded).open_pull_request(DRAFT)


def test_an_answer_that_is_no_pull_request_is_told(host: Host, loaded: Plugins) -> None:
    host.failures = [Answer(200, []), Answer(201, {"number": "1", "html_url": "javascript:x", "iid": 1})]
    assert "answers with something that is no pull request" in refusal(opened(host, loaded))


def test_a_repository_that_has_moved_is_found_on_the_same_host(loaded: Plugins) -> None:
    with hosting("gitea") as host:
        host.failures = [Answer(301, headers={"Location": f"{host.path}?state=open&page=1&limit=50"})]
        assert opened(host, loaded).find_pull_request(BRANCH) is None
        assert len(host.asked) == 2


def test_the_token_goes_to_no_other_host(host: Host, loaded: Plugins) -> None:
    with hosting(host.type) as other:
        host.failures = [Answer(307, headers={"Location": f"{other.url}{other.path}"})] * 2
        refusal(opened(host, loaded))
        assert other.asked == []


def test_the_token_is_in_one_header_and_nowhere_else(
    host: Host, loaded: Plugins, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    opened(host, loaded).open_pull_request(DRAFT)
    for asked in host.asked:
        assert_hidden(asked.path, str(asked.query), str(asked.document))
        assert [name for name, value in asked.headers.items() if TOKEN in value] == ["authorization"]
    assert_hidden(everything_logged(caplog))


def test_the_token_does_not_travel_unencrypted(loaded: Plugins) -> None:
    request = GitHostRequest("gitea", "http://git.example.com", "git.example.com", "you/shop", TOKEN)
    with pytest.raises(ConfigurationError, match="everybody on the way would read the token") as caught:
        loaded.open_git_host(request)
    assert_hidden(*everything_said(caught.value), repr(request))


def test_a_token_with_a_line_break_is_refused(loaded: Plugins) -> None:
    request = GitHostRequest("github", "https://github.com", "github.com", "you/shop", "s3cr3t\nx")
    with pytest.raises(ConfigurationError, match="holds characters that no token has") as caught:
        loaded.open_git_host(request)
    assert_hidden(*everything_said(caught.value))


@pytest.mark.parametrize(
    ("address", "kind", "origin", "repository"),
    [
        ("https://github.com/you/shop.git", Github, "https://api.github.com", "you/shop"),
        ("git@github.com:you/shop.git", Github, "https://api.github.com", "you/shop"),
        ("ssh://git@ssh.github.com:443/you/shop.git", Github, "https://api.github.com", "you/shop"),
        ("https://you.ghe.com/you/shop", Github, "https://api.you.ghe.com", "you/shop"),
        ("ssh://git@github.corp.com:2222/you/shop", Github, "https://github.corp.com", "you/shop"),
        ("https://ada:pw@gitlab.com/a/b/c/shop.git", Gitlab, "https://gitlab.com", "a/b/c/shop"),
        ("git@gitlab.corp.com:a/shop.git/", Gitlab, "https://gitlab.corp.com", "a/shop"),
        ("https://codeberg.org/you/shop", Gitea, "https://codeberg.org", "you/shop"),
        ("https://gitea.corp.com:3000/you/shop", Gitea, "https://gitea.corp.com:3000", "you/shop"),
    ],
)
def test_the_host_is_recognised_by_the_remotes_address(
    address: str, kind: type, origin: str, repository: str, loaded: Plugins
) -> None:
    request = host_request(address, token=TOKEN)
    assert request.repository == repository
    client = loaded.open_git_host(request)
    assert isinstance(client, ProposingHost)
    assert type(client) is kind
    assert client._api.origin == origin


def test_a_host_that_lives_below_a_path_is_named_with_it(loaded: Plugins) -> None:
    over_http = host_request(
        "https://corp.com/gitlab/a/shop.git", token=TOKEN, kind="gitlab", server="https://corp.com/gitlab/"
    )
    over_ssh = host_request("git@corp.com:a/shop.git", token=TOKEN, kind="gitlab", server="https://corp.com/gitlab")
    assert over_http == over_ssh == GitHostRequest("gitlab", "https://corp.com/gitlab", "corp.com", "a/shop", TOKEN)


def test_a_host_that_nobody_knows_asks_for_its_type(loaded: Plugins) -> None:
    with pytest.raises(ConfigurationError, match=r"what kind of host git\.corp\.com is cannot be told.*--host-type"):
        loaded.open_git_host(host_request("https://git.corp.com/you/shop", token=TOKEN))
    with pytest.raises(ConfigurationError, match="--host-type 'svn' is not known; use github, gitlab, gitea"):
        loaded.open_git_host(host_request("https://git.corp.com/you/shop", token=TOKEN, kind="svn"))


def test_a_folder_is_no_place_for_reviews() -> None:
    with pytest.raises(ConfigurationError, match="a folder of this machine"):
        host_request("/srv/git/shop.git", token=TOKEN)


@pytest.mark.parametrize("kind", ["github", "gitea"])
def test_a_repository_that_is_not_called_owner_and_name_is_refused(kind: str, loaded: Plugins) -> None:
    with pytest.raises(ConfigurationError, match="a/b/c is no repository of"):
        loaded.open_git_host(host_request("https://git.corp.com/a/b/c", token=TOKEN, kind=kind))
