"""One notifier of a plugin, such that nothing that it does gets past here."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from iter8_gitops.contracts.notifier import Notice, Notifier, NotifierSettings, one_line
from iter8_gitops.errors import ConfigurationError, NotDeliveredError
from iter8_gitops.hooks.answers import describe
from iter8_gitops.runtime.notifier_configuration import NotifierConfiguration
from iter8_gitops.secret_references import hidden

_log = logging.getLogger(__name__)
_LONGEST_MESSAGE = 500
"""Characters of what a plugin says in the log."""

OpenNotifier = Callable[[NotifierSettings], Notifier]
"""`Plugins.open_notifier`."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one try. `message` says why a notice was not delivered, and holds no secret.

    `retry` says whether the same may work later, after `retry_after` seconds.
    """

    delivered: bool
    message: str = ""
    retry: bool = False
    retry_after: float = 0.0


class Sender:
    """Sends by the notifier that `configuration` asks for. Only one thread at a time may use it.

    When a notice is refused for good and a secret is another one by now, in its file, the notifier is opened anew and
    the notice sent again: tokens are replaced while a controller runs.
    """

    def __init__(self, configuration: NotifierConfiguration, open_notifier: OpenNotifier) -> None:
        """Raises `ConfigurationError` when it cannot be opened."""
        self._configuration = configuration
        self._open = open_notifier
        self._settings = configuration.settings()
        self._known = set(self._settings.secrets.values())
        self._notifier = self._opened(self._settings)

    @property
    def name(self) -> str:
        """What people call the notifier."""
        return self._configuration.name

    def send(self, notice: Notice) -> Outcome:
        """Try once to deliver a notice. Never raises."""
        outcome = self._sent(notice)
        if not outcome.delivered and not outcome.retry and self._has_new_secrets():
            outcome = self._sent(notice)
        return outcome

    def close(self) -> None:
        """Let the notifier close its connections. Never raises."""
        try:
            self._notifier.close()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin's failure ends here
            _log.error("notifier %s: %s", self.name, self._defect(error))

    def _sent(self, notice: Notice) -> Outcome:
        try:
            self._notifier.send(notice)
        except NotDeliveredError as error:
            said = one_line(hidden(str(error), self._known), _LONGEST_MESSAGE)
            return Outcome(False, said, bool(error.retry), _seconds(error.retry_after))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin's failure ends here
            return Outcome(False, self._defect(error))
        return Outcome(True)

    def _has_new_secrets(self) -> bool:
        """Whether the secrets are others now, and the notifier was opened with them."""
        try:
            settings = self._configuration.settings()
            if settings.secrets == self._settings.secrets:
                return False
            self._known.update(settings.secrets.values())
            notifier = self._opened(settings)
        except ConfigurationError as error:
            _log.warning("notifier %s stays as it was opened: %s", self.name, error)
            return False
        self.close()
        self._settings, self._notifier = settings, notifier
        _log.info("notifier %s was opened anew, with the secrets as they are now", self.name)
        return True

    def _opened(self, settings: NotifierSettings) -> Notifier:
        try:
            return self._open(settings)
        except ConfigurationError as error:
            said = hidden(str(error), self._known)
        message = f"{self._configuration.place} ({self.name}): {said}"
        raise ConfigurationError(message)

    def _defect(self, error: BaseException) -> str:
        plugin = type(self._notifier)
        return f"plugin {plugin.__module__} ({plugin.__qualname__}) broke: {describe(error)}"


def _seconds(asked: object) -> float:
    """What a plugin gives as seconds, if it is a number of them; NaN is none, for it compares as false."""
    return float(asked) if isinstance(asked, (int, float)) and asked > 0 else 0.0
