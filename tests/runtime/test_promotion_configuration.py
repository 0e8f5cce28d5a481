"""The section `promotion` of a configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from iter8_gitops.contracts.source import Credentials
from iter8_gitops.errors import ConfigurationError
from iter8_gitops.runtime.configuration import load_configuration
from iter8_gitops.runtime.promotion_configuration import PromotionConfiguration

FULL = """\
promotion:
  author: Iter8 <iter8@example.org>
  sign: true
  credentials: {username: robot, password: {fromEnv: PUSH_TOKEN}, sshKey: id, knownHosts: /keys/known}
  host: {type: gitea, url: "https://git.example.org", token: {fromFile: token}}
"""


def promotion(folder: Path, text: str) -> PromotionConfiguration:
    (folder / "config.yaml").write_text(text)
    return load_configuration(folder / "config.yaml").promotion


def test_everything_that_can_be_said_reaches_the_promoter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUSH_TOKEN", "p")
    (tmp_path / "token").write_text("t0ken\n")
    settings = promotion(tmp_path, FULL).settings()
    assert (settings.author, settings.sign) == ("Iter8 <iter8@example.org>", True)
    assert settings.credentials == Credentials("robot", "p", None, tmp_path / "id", Path("/keys/known"))
    assert (settings.host_type, settings.host_url) == ("gitea", "https://git.example.org")
    assert settings.read_token is not None
    assert settings.read_token() == "t0ken"


def test_without_the_section_git_itself_and_the_source_say_all(tmp_path: Path) -> None:
    settings = promotion(tmp_path, "defaultResync: 1m\n").settings()
    assert (settings.author, settings.credentials, settings.read_token) == ("", None, None)


def test_a_token_is_read_when_it_is_needed_so_that_it_can_be_replaced(tmp_path: Path) -> None:
    read = promotion(tmp_path, "promotion: {host: {token: {fromFile: token}}}\n").settings().read_token
    assert read is not None
    with pytest.raises(ConfigurationError, match=r"config.yaml:1:\d+: promotion.host.token: cannot read"):
        read()
    (tmp_path / "token").write_text("new")
    assert read() == "new"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{host: {token: s3cr3t}}", "promotion.host.token must not be written here (write {fromEnv: NAME} or"),
        ("{host: {token: {}}}", "promotion.host.token does not say where it is (write {fromEnv: NAME} or"),
        ("{credentials: {password: {fromEnv: A, fromFile: b}}}", "promotion.credentials.password does not say where"),
        ("{autor: me}", "promotion.autor is an unknown key (did you mean `author`?"),
        ("{sign: always}", "promotion.sign must be true or false, not text"),
        ("[a]", "promotion must be a mapping, not a list"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_never_with_a_secret(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        promotion(tmp_path, f"promotion: {text}\n")
    assert said in str(caught.value)
    assert "config.yaml:1:" in str(caught.value)
    assert "s3cr3t" not in str(caught.value)
