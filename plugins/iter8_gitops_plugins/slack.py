"""Messages to an incoming webhook of Slack, or of what takes the same: Mattermost, Rocket.Chat, Discord (`/slack`)."""

from __future__ import annotations

import re
from http import HTTPStatus

from iter8_gitops.contracts.notifier import Notice, Notifier, NotifierSettings
from iter8_gitops.hooks import hookimpl
from iter8_gitops_plugins.webhooks.addresses import Address
from iter8_gitops_plugins.webhooks.webhook import Webhook

LONGEST = 2000
"""Characters that Discord takes, the least of them all."""

_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_MENTION = re.compile(r"@(?=(?:all|channel|everyone|here)\b)", re.IGNORECASE)
_ZERO_WIDTH_SPACE = "\N{ZERO WIDTH SPACE}"
_GONE = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


@hookimpl
def open_notifier(settings: NotifierSettings) -> Notifier | None:
    """For notifiers of the type `slack`. The secret `url` is that of the webhook."""
    if settings.type != "slack":
        return None
    settings.expect_only({"url"})
    return SlackNotifier(Address.of(settings.secret("url"), "url"))


class SlackNotifier:
    """Posts one line of text for each notice, and nothing that only Slack itself would understand."""

    def __init__(self, address: Address) -> None:
        self._webhook = Webhook(address, advice=_advice)

    def send(self, notice: Notice) -> None:
        """Post it. Raises `NotDeliveredError`."""
        self._webhook.post({"text": message(notice.text)})

    def close(self) -> None:
        """Close idle connections."""
        self._webhook.close()


def message(text: str) -> str:
    """`text` such that it is shown as it is, and cut to what every receiver takes.

    Texts quote what anybody writes into a routemap: they must not make links, nor call a whole channel.
    """
    harmless = _MENTION.sub(f"@{_ZERO_WIDTH_SPACE}", text)
    letters = [_ESCAPED.get(letter, letter) for letter in harmless]
    while sum(map(len, letters)) > LONGEST:
        letters[-2:] = ["…"]
    return "".join(letters)


def _advice(status: int) -> str:
    if status in _GONE:
        return (
            "the webhook or its channel is gone, or may not be used: make a new webhook, and give its URL as the secret"
        )
    return "it does not take messages as Slack does; is `url` that of an incoming webhook?"
