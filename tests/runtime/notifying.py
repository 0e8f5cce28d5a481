"""Short ways to say what tests of notifications are about."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from iter8_gitops.contracts.notifier import Notice, NoticeKind, Notifier, NotifierSettings
from iter8_gitops.hooks import Plugins, hookimpl
from iter8_gitops.runtime.configuration import load_configuration
from iter8_gitops.runtime.notifier_configuration import NotifierConfiguration
from iter8_gitops.runtime.notifying.courier import Patience

QUICK = Patience(first=0.01, base=0.02, ceiling=0.05)
"""For receivers that come back within some hundredths of a second."""


def configured(folder: Path, text: str) -> tuple[NotifierConfiguration, ...]:
    """The notifiers of a configuration file."""
    file = folder / "config.yaml"
    file.write_text(text)
    return load_configuration(file).notifiers


def notice(message: str = "version v1 is ready", kind: NoticeKind = NoticeKind.READY) -> Notice:
    return Notice(kind, "Ready", message, 0.0, application="shop/web")


def eventually(reached: Callable[[], object], within: float = 10.0) -> None:
    """Wait until it is so."""
    deadline = time.monotonic() + within
    while not reached():
        assert time.monotonic() < deadline, f"not within {within} s"
        time.sleep(0.01)


class Scripted:
    """A plugin for notifiers of the type `scripted`: `script` is called with each notice, and may raise."""

    def __init__(self, script: Callable[[Notice], None]) -> None:
        self.script = script
        self.opened: list[NotifierSettings] = []
        self.closed = 0

    @hookimpl
    def open_notifier(self, settings: NotifierSettings) -> Notifier | None:
        if settings.type != "scripted":
            return None
        self.opened.append(settings)
        return _ScriptedNotifier(self)

    def plugins(self) -> Plugins:
        """Only this plugin."""
        return Plugins.load(entry_points=False, extra={"scripted": self})


class _ScriptedNotifier:
    def __init__(self, owner: Scripted) -> None:
        self._owner = owner

    def send(self, notice: Notice) -> None:
        self._owner.script(notice)

    def close(self) -> None:
        self._owner.closed += 1
