"""Messages to a Slack-compatible incoming webhook."""

from __future__ import annotations

from iter8_gitops.contracts.notifier import Notifier, NotifierSettings
from iter8_gitops.hooks import hookimpl


@hookimpl
def open_notifier(settings: NotifierSettings) -> Notifier | None:
    """None yet."""
    _ = settings
    return None
