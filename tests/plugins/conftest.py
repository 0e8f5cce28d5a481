from __future__ import annotations

import pytest

from iter8_gitops.hooks import Plugins


@pytest.fixture(scope="session")
def plugins() -> Plugins:
    """The installed plugins, found through their entry points."""
    return Plugins.load()
