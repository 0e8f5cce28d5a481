"""What all tests share: the fixtures of Kubernetes control planes and of clients, and which tests share a worker."""

from __future__ import annotations

import pytest

pytest_plugins = ["tests.clients.fixtures", "tests.controlplane.fixtures"]


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker of pytest-xdist also where it is not loaded."""
    if not config.pluginmanager.hasplugin("xdist"):
        config.addinivalue_line("markers", "xdist_group(name): tests of one group run on one worker")


@pytest.hookimpl(tryfirst=True)  # Before pytest-xdist reads the marks.
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of the shared control plane on one worker, and those that break their own on one other."""
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if "control_plane" in fixtures:
            item.add_marker(pytest.mark.xdist_group("kubernetes"))
        elif "fresh_control_plane" in fixtures:
            item.add_marker(pytest.mark.xdist_group("chaos"))
