"""The section `sources` of a configuration."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from iter8_gitops.contracts.source import Credentials, Verification
from iter8_gitops.errors import ConfigurationError
from iter8_gitops.runtime.configuration import load_configuration
from iter8_gitops.runtime.settings import ControllerSettings
from iter8_gitops.runtime.source_configuration import SourceConfiguration
from iter8_gitops.runtime.wiring import check_settings, controller_parts
from iter8_gitops.spec.state_folder import StateFolder

FULL = """\
sources:
  - name: shop
    location: https://host/shop
    revision: semver:>=1 <2
    path: production
    interval: 1m30s
    credentials:
      username: robot
      password: {fromFile: token}
      sshKey: /keys/id
      knownHosts: known_hosts
    verify: {sshSigners: signers, gpgKeys: /keys/team.asc}
  - name: search
    location: git@host:search
"""


def sources(folder: Path, text: str) -> tuple[SourceConfiguration, ...]:
    (folder / "config.yaml").write_text(text)
    return load_configuration(folder / "config.yaml").sources


def test_everything_that_can_be_said_of_a_source_reaches_it(tmp_path: Path) -> None:
    shop, search = sources(tmp_path, FULL)
    request = shop.request(StateFolder(tmp_path / "state"))
    assert (request.name, request.location, request.revision) == ("shop", "https://host/shop", "semver:>=1 <2")
    assert (request.subpath, request.interval) == ("production", 90.0)
    assert request.credentials == Credentials(
        "robot", "", tmp_path / "token", Path("/keys/id"), tmp_path / "known_hosts"
    )
    assert request.verification == Verification(tmp_path / "signers", Path("/keys/team.asc"))
    assert request.nudges == tmp_path / "state" / "nudges"
    bare = search.request(StateFolder(tmp_path / "state"))
    assert (bare.credentials, bare.verification, bare.interval, bare.revision) == (None, None, None, None)


def test_a_password_may_be_in_the_environment_and_is_read_when_the_source_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "sources: [{name: a, location: https://h/a, credentials: {password: {fromEnv: SHOP_TOKEN}}}]\n"
    (configuration,) = sources(tmp_path, text)
    state = StateFolder(tmp_path)
    with pytest.raises(ConfigurationError, match="SHOP_TOKEN is not set"):
        configuration.request(state)
    monkeypatch.setenv("SHOP_TOKEN", "secret")
    request = configuration.request(state)
    assert request.credentials == Credentials(password="secret")
    assert "secret" not in repr(request)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sources: [{location: x}]", "config.yaml:1:11: sources[0].name is missing (add it beside location)"),
        ("sources: [{name: a}]", "config.yaml:1:11: sources[0].location is missing (add it beside name)"),
        ("sources: [{name: A b, location: x}]", "sources[0].name is no valid name: `A b`"),
        ("sources: [{name: routemaps, location: x}]", "is the name of another source: `routemaps`"),
        (
            "sources: [{name: a, location: x}, {name: a, location: z}]",
            "sources[1].name has the name of sources[0]: `a`",
        ),
        ("sources: [{name: a, location: x, interval: 1ms}]", "interval must be from 100ms to 24h"),
        ("sources: [{name: a, location: x, interval: 30}]", "interval must be text, not a whole number"),
        ("sources: [{name: a, location: x, branch: main}]", "sources[0].branch is an unknown key"),
        ("sources: [{name: a, location: x, verify: {}}]", "sources[0].verify does not say by whom"),
        ("sources: [{name: a, location: x, credentials: {password: {}}}]", "password does not say where it is"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        sources(tmp_path, text)
    assert said in str(refused.value)


def test_a_secret_that_is_written_down_is_refused_and_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        sources(tmp_path, "sources: [{name: a, location: x, credentials: {password: hunter2}}]")
    assert "credentials.password must not be written here (write {fromEnv: NAME} or {fromFile: PATH})" in str(
        refused.value
    )
    assert "hunter2" not in str(refused.value)


def test_configured_sources_come_beside_the_location_or_in_its_place(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    config = tmp_path / "config.yaml"
    config.write_text(f"sources: [{{name: more, location: {tmp_path}/two}}]\n")
    seen = []
    for number, location in enumerate((str(tmp_path / "one"), None)):
        settings = ControllerSettings(location, StateFolder(tmp_path / f"state{number}"), config=config)
        with ExitStack() as stack:
            feeds = controller_parts(settings, stack).feeds
        seen.append([(feed.source.name, feed.routemaps, feed.resources) for feed in feeds])
    assert seen == [[("routemaps", True, True), ("more", True, False)], [("more", True, True)]]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("location: 'git://host/shop'", "git:// does not prove who answers"),
        ("location: https://host/shop, revision: 'semver:abc'", "'abc' is no range of versions"),
        ("location: FOLDER, verify: {sshSigners: signers}", "is read as it lies"),
    ],
)
def test_what_a_plugin_refuses_is_told_with_the_place_of_the_source(tmp_path: Path, source: str, said: str) -> None:
    config = tmp_path / "config.yaml"
    bad = source.replace("FOLDER", str(tmp_path))
    config.write_text(f"sources:\n  - {{name: good, location: {tmp_path}}}\n  - {{name: bad, {bad}}}\n")
    settings = ControllerSettings(None, StateFolder(tmp_path / "state"), config=config)
    with pytest.raises(ConfigurationError, match=said) as refused:
        check_settings(settings)
    assert str(refused.value).startswith(f"{config}:3:5: sources[1] (bad): ")


def test_the_example_in_the_documentation_works(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "git.md").read_text(encoding="utf-8")
    (example,) = [block for block in page.split("```yaml\n")[1:] if block.startswith("sources:")]
    shop, search = sources(tmp_path, example.partition("```")[0])
    assert (shop.revision, shop.interval, search.name) == ("semver:^1.2", 60.0, "search")
