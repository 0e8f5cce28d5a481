"""Plugins of other distributions, found through real metadata on the path."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from iter8_gitops import __version__
from iter8_gitops.hooks import HOOKS_VERSION, Hooks, Plugins, Readiness, Resource, ResourceId, hookimpl

Install = Callable[..., None]

THING = Resource(ResourceId("example.com", "Thing", "shop", "one"), {})
ANSWERS = """
    from iter8_gitops.hooks import Readiness, hookimpl

    @hookimpl
    def readiness(resource):
        return Readiness.ready("Fine", "all is well")
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install a distribution whose one entry point refers to a module with the given source."""
    monkeypatch.syspath_prepend(tmp_path)
    modules = set(sys.modules)

    def write(distribution: str, source: str, *, entry_points: str | None = None, version: str = "1.2") -> None:
        module = distribution.replace("-", "_")
        (tmp_path / f"{module}.py").write_text(textwrap.dedent(source))
        metadata = tmp_path / f"{module}-{version}.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        listed = entry_points or f"[iter8_gitops]\nthing = {module}\n"
        (metadata / "entry_points.txt").write_text(listed)

    yield write
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def test_the_first_party_plugins_are_loaded_through_entry_points() -> None:
    plugins = Plugins.load()
    names = {plugin.name for plugin in plugins.loaded if plugin.distribution == "iter8-gitops"}
    assert {"configmap", "deployment", "generic", "go-template", "inferenceservice", "service"} <= names
    assert plugins.failures == ()


def test_no_entry_points_means_no_plugins() -> None:
    assert Plugins.load(entry_points=False).loaded == ()


def test_an_installed_plugin_answers_before_the_first_party_ones(install: Install) -> None:
    install("acme-things", ANSWERS)
    plugins = Plugins.load()
    assert plugins.readiness(THING).plugin == "acme-things:thing"
    loaded = next(plugin for plugin in plugins.loaded if plugin.distribution == "acme-things")
    assert (loaded.name, loaded.version, loaded.hooks) == ("thing", "1.2", ("readiness",))


def test_even_a_last_resort_of_somebody_else_answers_before_the_first_party_fallback(install: Install) -> None:
    install("acme-things", ANSWERS.replace("@hookimpl", "@hookimpl(trylast=True)"))
    assert Plugins.load().readiness(THING).plugin == "acme-things:thing"


def test_a_plugin_may_have_the_name_of_a_first_party_one(install: Install) -> None:
    install("acme-things", ANSWERS, entry_points="[iter8_gitops]\ndeployment = acme_things\n")
    deployment = Resource(ResourceId("apps", "Deployment", "shop", "web"), {})
    plugins = Plugins.load()
    assert plugins.failures == ()
    assert plugins.readiness(deployment).plugin == "acme-things:deployment"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import nowhere_to_be_found", "ModuleNotFoundError: No module named 'nowhere_to_be_found'"),
        ("def broken(:", "SyntaxError"),
        ("raise ValueError('password=hunter2')", "ValueError in broken_things.py line 1"),
        ("import sys\nsys.exit(3)", "SystemExit in broken_things.py line 2"),
        ("x = 1", "it implements no hook"),
    ],
    ids=["import", "syntax", "raise", "exit", "no hook"],
)
def test_a_broken_plugin_is_reported_and_does_not_stop_the_others(source: str, said: str, install: Install) -> None:
    install("broken-things", source)
    install("acme-things", ANSWERS)
    plugins = Plugins.load()
    failure = plugins.failures[0]
    assert len(plugins.failures) == 1
    assert (failure.name, failure.distribution) == ("thing", "broken-things")
    assert said in failure.message
    assert "hunter2" not in failure.message
    assert plugins.readiness(THING).plugin == "acme-things:thing"


def test_an_entry_point_to_something_that_is_not_there_is_reported(install: Install) -> None:
    install("acme-things", ANSWERS, entry_points="[iter8_gitops]\nthing = acme_things:Nothing\n")
    assert "has no attribute 'Nothing'" in Plugins.load().failures[0].message


def test_entry_points_that_cannot_be_read_are_reported(install: Install) -> None:
    install("broken-things", "", entry_points="[iter8_gitops]\nthis is no entry point\n")
    install("acme-things", ANSWERS)
    plugins = Plugins.load()
    assert [failure.distribution for failure in plugins.failures] == ["broken-things"]
    assert "its entry points cannot be read" in plugins.failures[0].message
    assert plugins.readiness(THING).plugin == "acme-things:thing"


def test_a_distribution_that_is_installed_twice_counts_once(install: Install) -> None:
    install("acme-things", ANSWERS)
    install("acme-things", ANSWERS, version="1.3")
    plugins = Plugins.load()
    assert plugins.failures == ()
    assert [plugin.name for plugin in plugins.loaded if plugin.distribution == "acme-things"] == ["thing"]


def needs(version: str) -> str:
    return f"iter8_gitops_hooks = {version}\n{textwrap.dedent(ANSWERS)}"


MAJOR, MINOR = (int(part) for part in HOOKS_VERSION.split("."))


@pytest.mark.parametrize("minor", range(MINOR + 1))
def test_a_plugin_may_state_the_version_of_the_hooks_that_it_needs(minor: int, install: Install) -> None:
    install("acme-things", needs(f'"{MAJOR}.{minor}"'))
    plugins = Plugins.load()
    assert plugins.failures == ()
    assert plugins.readiness(THING).plugin == "acme-things:thing"


@pytest.mark.parametrize(
    ("stated", "upgrade"),
    [
        (f"{MAJOR}.{MINOR + 1}", "iter8-gitops"),
        (f"{MAJOR + 1}.0", "iter8-gitops"),
        (f"{MAJOR - 1}.9", "acme-things"),
    ],
)
def test_a_plugin_for_other_hooks_is_left_out_and_told_what_to_upgrade(
    stated: str, upgrade: str, install: Install
) -> None:
    install("acme-things", needs(f'"{stated}"'))
    (failure,) = Plugins.load().failures
    assert (failure.name, failure.distribution) == ("thing", "acme-things")
    assert failure.message == (
        f"it needs hooks {stated}, and iter8-gitops {__version__} has hooks {HOOKS_VERSION}; upgrade {upgrade}"
    )


def test_hooks_that_are_not_there_yet_are_a_matter_of_the_version_first(install: Install) -> None:
    source = needs(f'"{MAJOR}.{MINOR + 1}"').replace("def readiness", "def readiness_of_tomorrow")
    install("acme-things", source)
    (failure,) = Plugins.load().failures
    assert failure.message.startswith("it needs hooks ")


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ("1", f'its iter8_gitops_hooks is of type int; write it as text, such as "{HOOKS_VERSION}"'),
        ("1.0", f'its iter8_gitops_hooks is of type float; write it as text, such as "{HOOKS_VERSION}"'),
        ("None", f'its iter8_gitops_hooks is of type NoneType; write it as text, such as "{HOOKS_VERSION}"'),
        ('"1"', 'its iter8_gitops_hooks is "1", which is no major.minor'),
        ('"1.0.0"', 'its iter8_gitops_hooks is "1.0.0", which is no major.minor'),
        ('">=1.0"', 'its iter8_gitops_hooks is ">=1.0", which is no major.minor'),
        ('"one"', 'its iter8_gitops_hooks is "one", which is no major.minor'),
        ('"1.x\\n"', 'its iter8_gitops_hooks is "1.x", which is no major.minor'),
        ('""', 'its iter8_gitops_hooks is "", which is no major.minor'),
    ],
)
def test_what_is_no_version_of_the_hooks_is_refused(stated: str, said: str, install: Install) -> None:
    install("acme-things", needs(stated))
    (failure,) = Plugins.load().failures
    assert failure.message.startswith(said)


def test_every_hook_is_documented_and_used_by_a_first_party_plugin() -> None:
    hooks = {name: value for name, value in vars(Hooks).items() if not name.startswith("_")}
    used = {hook for plugin in Plugins.load().loaded for hook in plugin.hooks}
    assert set(hooks) == used
    assert all("None means" in str(hook.__doc__) for hook in hooks.values())


def test_what_a_person_configured_goes_before_even_the_most_eager_plugin(install: Install) -> None:
    install("zealous-things", ANSWERS.replace("@hookimpl", "@hookimpl(tryfirst=True)"))

    class Configured:
        @hookimpl(tryfirst=True)
        def readiness(self, resource: Resource) -> Readiness:
            return Readiness.ready("Configured", f"{resource.id} is as configured")

    assert Plugins.load().readiness(THING).plugin == "zealous-things:thing"
    assert Plugins.load(extra={"configuration": Configured()}).readiness(THING).plugin == "extra:configuration"
