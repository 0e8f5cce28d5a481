"""The section `notifiers` of a configuration, and the secrets that it refers to."""

from __future__ import annotations

from pathlib import Path

import pytest

from iter8_gitops.contracts.notifier import Notice, NoticeKind, NotifierSettings
from iter8_gitops.errors import ConfigurationError
from iter8_gitops.hooks import Plugins
from iter8_gitops.runtime.configuration import load_configuration
from iter8_gitops.runtime.notifier_configuration import NotifierConfiguration
from iter8_gitops.runtime.notifying.notifications import open_notifications
from tests.plugins.secrecy import assert_hidden, everything_said

TWO = """\
notifiers:
  - name: team-chat
    type: slack
    url: {fromEnv: SLACK_URL}
    events: [ready, problem]
    applications: ["shop/*", "*/checkout"]
  - type: github-dispatch
    repository: you/deployments
    token: {fromFile: github-token}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


def loaded(file: Path, text: str) -> tuple[NotifierConfiguration, ...]:
    file.write_text(text)
    return load_configuration(file).notifiers


def problems(file: Path, text: str) -> list[str]:
    """What is wrong with a configuration, without the name of its file."""
    with pytest.raises(ConfigurationError) as caught:
        loaded(file, text)
    assert_hidden(str(caught.value))
    return [line.removeprefix(f"{file}:") for line in str(caught.value).splitlines()]


def problem_at_opening(configurations: tuple[NotifierConfiguration, ...]) -> str:
    with pytest.raises(ConfigurationError) as caught:
        open_notifications(configurations, Plugins.load().open_notifier)
    assert_hidden(*everything_said(caught.value))
    return str(caught.value)


def test_notifiers_are_read_with_their_secrets_where_they_are(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_URL", "https://hooks.example/s3cr3t\n")
    (file.parent / "github-token").write_text("t0ken\r\n")
    chat, actions = loaded(file, TWO)
    assert (chat.name, chat.type, actions.name) == ("team-chat", "slack", "github-dispatch")
    assert chat.events == {NoticeKind.READY, NoticeKind.PROBLEM}
    assert actions.events == set(NoticeKind) - {NoticeKind.REVISION}
    assert chat.place == f"{file}:2:5: notifiers[0]"
    secrets = {"url": "https://hooks.example/s3cr3t"}
    assert chat.settings() == NotifierSettings("slack", "team-chat", {}, secrets, chat.events)
    assert actions.settings().options == {"repository": "you/deployments"}
    assert actions.settings().secrets == {"token": "t0ken"}


def test_nothing_shows_a_secret_that_was_read(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_URL", "https://hooks.example/s3cr3t")
    (chat, _) = loaded(file, TWO)
    assert_hidden(repr(chat), repr(chat.settings()))


def test_no_secret_is_needed_to_check_a_configuration(file: Path) -> None:
    assert len(loaded(file, TWO)) == 2


def test_a_configuration_without_notifiers_has_none(file: Path) -> None:
    assert loaded(file, "defaultResync: 1m\n") == ()
    assert loaded(file, "notifiers: []\n") == ()


def test_notifiers_in_a_configmap_have_their_places_in_the_file(file: Path) -> None:
    indented = "".join(f"    {line}\n" for line in TWO.splitlines())
    manifest = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: x}}\ndata:\n  config.yaml: |\n{indented}"
    assert loaded(file, manifest)[0].place == f"{file}:7:9: notifiers[0]"


def a_notifier(rest: str) -> str:
    return f"notifiers:\n  - {{type: slack, {rest}}}\n"


SAYS_WHERE = "(write {fromEnv: NAME} or {fromFile: PATH})"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (a_notifier("events: [redy]"), "2:28: notifiers[0].events[0] is `redy` (write 'ready', 'stalled', "),
        (a_notifier("events: []"), "2:27: notifiers[0].events must not be empty"),
        (a_notifier("events: ready"), "2:27: notifiers[0].events must be a list, not text"),
        (a_notifier("applications: []"), "2:33: notifiers[0].applications must not be empty"),
        (
            a_notifier("applications: [shop]"),
            "2:34: notifiers[0].applications[0] is no valid pattern of applications: `shop` (write namespace/name, ",
        ),
        (a_notifier("applications: [a/b/c]"), "2:34: notifiers[0].applications[0] is no valid pattern"),
        (a_notifier("name: ''"), "2:25: notifiers[0].name must not be empty"),
        (a_notifier('name: "a\\nb"'), "2:25: notifiers[0].name is no valid name"),
        (a_notifier("port: 8080"), "2:25: notifiers[0].port must be text, not a whole number (quote it)"),
        (a_notifier("url: [s3cr3t]"), "2:24: notifiers[0].url must be text, not a list"),
        (a_notifier("url: {fromenv: s3cr3t}"), f"2:24: notifiers[0].url does not say where the secret is {SAYS_WHERE}"),
        (a_notifier("url: {value: s3cr3t}"), f"2:24: notifiers[0].url does not say where the secret is {SAYS_WHERE}"),
        (a_notifier("url: {fromEnv: 5}"), f"2:24: notifiers[0].url does not say where the secret is {SAYS_WHERE}"),
        (a_notifier("url: {fromEnv: ''}"), f"2:24: notifiers[0].url does not say where the secret is {SAYS_WHERE}"),
        (a_notifier("url: {}"), f"2:24: notifiers[0].url does not say where the secret is {SAYS_WHERE}"),
        (
            a_notifier("url: {fromEnv: A, fromFile: b}"),
            f"2:24: notifiers[0].url does not say where the secret is {SAYS_WHERE}",
        ),
        ("notifiers: [{name: x}]", "1:13: notifiers[0].type is missing (add it beside name)"),
        ("notifiers: {slack: x}", "1:12: notifiers must be a list, not a mapping"),
        ("notifiers: [slack]", "1:13: notifiers[0] must be a mapping, not text"),
        (
            "notifiers: [{type: slack}, {type: slack, name: slack}]",
            "1:28: notifiers[1] has the name of notifiers[0]: `slack` (give each its own `name`; without one it ",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, problem: str, file: Path) -> None:
    (found,) = problems(file, text)
    assert found.startswith(problem)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (
            "type: slack, url: 'https://hooks.example/s3cr3t'",
            "url is a secret, which must not stand here: write url: {fromEnv: NAME} or {fromFile: PATH}",
        ),
        (
            "type: github-dispatch, repository: a/b, token: s3cr3t",
            "token is a secret, which must not stand here: write token: {fromEnv: NAME} or {fromFile: PATH}",
        ),
        ("type: slak", "no plugin knows notifiers of the type 'slak'"),
        ("type: slack, chanel: x", "chanel is an unknown option (valid options: url)"),
    ],
)
def test_what_a_plugin_refuses_is_told_with_the_place_and_name_of_the_notifier(
    options: str, problem: str, file: Path
) -> None:
    configurations = loaded(file, f"notifiers:\n  - {{{options}, name: chat}}\n")
    assert problem_at_opening(configurations) == f"{file}:2:5: notifiers[0] (chat): {problem}"


def test_secrets_that_are_missing_are_all_told_with_their_places(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLACK_URL", raising=False)
    configurations = loaded(file, TWO)
    assert problem_at_opening(configurations).splitlines() == [
        f"{file}:4:10: notifiers[0].url: the environment variable SLACK_URL is not set",
        f"{file}:9:12: notifiers[1].token: cannot read {file.parent}/github-token: no such file or directory",
    ]
    monkeypatch.setenv("SLACK_URL", "\n")
    (file.parent / "github-token").write_text("\n")
    assert problem_at_opening(configurations).splitlines() == [
        f"{file}:4:10: notifiers[0].url: the environment variable SLACK_URL is empty",
        f"{file}:9:12: notifiers[1].token: {file.parent}/github-token is empty",
    ]


def test_a_file_that_is_no_secret_is_told(file: Path) -> None:
    (file.parent / "github-token").write_bytes(b"s3cr3t" * 20_000)
    configurations = loaded(file, TWO)[1:]
    assert problem_at_opening(configurations).endswith("github-token is too long for a secret")
    (file.parent / "github-token").write_bytes(b"\xff\xfes3cr3t")
    assert problem_at_opening(configurations).endswith("github-token is not text in UTF-8")
    (file.parent / "github-token").write_text("s3cr3t ü")
    assert "token holds characters that no token has" in problem_at_opening(configurations)


def test_an_absolute_path_of_a_secret_is_taken_as_it_is(file: Path, tmp_path: Path) -> None:
    secret = tmp_path / "elsewhere" / "token"
    secret.parent.mkdir()
    secret.write_text("t0ken")
    (only,) = loaded(file, f"notifiers: [{{type: x, token: {{fromFile: {secret}}}}}]")
    assert only.settings().secrets == {"token": "t0ken"}


@pytest.mark.parametrize(
    ("patterns", "application", "wanted"),
    [
        (None, "shop/web", True),
        (None, "", True),
        ("[shop/*]", "shop/web", True),
        ("[shop/*]", "shop-2/web", False),
        ("[shop/*]", "", False),
        ("['*/web']", "shop/web", True),
        ("['*/*']", "shop/web", True),
        ("['*/*']", "", False),
        ("['s*b/x']", "shop/web", False),
        ("['shop/w?b', other/x]", "shop/web", True),
        ("[Shop/web]", "shop/web", False),
        ("['shop/[uvw]eb']", "shop/web", True),
    ],
)
def test_patterns_say_which_applications_a_notifier_is_told_of(
    patterns: str | None, application: str, wanted: bool, file: Path
) -> None:
    (only,) = loaded(file, a_notifier(f"applications: {patterns}" if patterns else "x: any"))
    assert only.wants(Notice(NoticeKind.PROBLEM, "Problem", "x", 0.0, application)) is wanted


def test_only_chosen_events_are_told(file: Path) -> None:
    (only,) = loaded(file, a_notifier("events: [promoted]"))
    assert [kind for kind in NoticeKind if only.wants(Notice(kind, "X", "x", 0.0))] == [NoticeKind.PROMOTED]


def test_the_example_of_the_documentation_is_accepted(file: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")
    section = page.partition("## Notifiers\n")[2]
    example = section.partition("```yaml\n")[2].partition("```")[0]
    chat, actions = loaded(file, example)
    assert (chat.name, chat.type, actions.type) == ("team-chat", "slack", "github-dispatch")
    for each in NoticeKind:
        assert f"| `{each}` |" in section
