"""All notifiers of a configuration behind one front."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence

from iter8_gitops.contracts.notifier import Notice, NoticeKind
from iter8_gitops.errors import ConfigurationError
from iter8_gitops.runtime.notifier_configuration import NotifierConfiguration
from iter8_gitops.runtime.notifying.courier import CAPACITY, Counts, Courier, Patience
from iter8_gitops.runtime.notifying.repetitions import Repetitions
from iter8_gitops.runtime.notifying.sender import OpenNotifier, Sender

END_SECONDS = 2.0


class Notifications:
    """Tells each notice to all who want it. Made by `open_notifications`; who tells must be the leader."""

    def __init__(
        self, routes: Sequence[tuple[NotifierConfiguration, Courier]], repetitions: Repetitions | None = None
    ) -> None:
        self._routes = tuple(routes)
        self._repetitions = repetitions or Repetitions()
        for _, courier in self._routes:
            courier.start()

    def tell(self, notice: Notice) -> None:
        """Deliver `notice` in the background. Never blocks and never raises; any thread.

        A problem that was told within the last ten minutes is not told again.
        """
        if notice.kind is NoticeKind.PROBLEM and self._repetitions.is_one(notice):
            return
        for configuration, courier in self._routes:
            if configuration.wants(notice):
                courier.take(notice)

    def counts(self) -> Mapping[str, Counts]:
        """What became of the notices so far, by the names of the notifiers."""
        return {courier.name: courier.counts for _, courier in self._routes}

    def close(self, timeout: float = END_SECONDS) -> None:
        """Try once more what waits, for at most `timeout` seconds, and end. What is told from now on is dropped."""
        at = time.monotonic() + timeout
        for _, courier in self._routes:
            courier.end(at)
        for _, courier in self._routes:
            courier.join()


def open_notifications(
    configurations: Iterable[NotifierConfiguration],
    open_notifier: OpenNotifier,
    *,
    patience: Patience | None = None,
    capacity: int = CAPACITY,
    repetitions: Repetitions | None = None,
) -> Notifications:
    """Open every notifier, by `Plugins.open_notifier`, and begin to deliver. Nothing is connected to yet.

    Reads the secrets. Raises `ConfigurationError` with everything that is wrong with any of them.
    """
    senders: list[tuple[NotifierConfiguration, Sender]] = []
    complaints: list[str] = []
    for each in configurations:
        try:
            senders.append((each, Sender(each, open_notifier)))
        except ConfigurationError as error:
            complaints.append(str(error))
    if complaints:
        for _, sender in senders:
            sender.close()
        raise ConfigurationError("\n".join(complaints))
    couriers = [(each, Courier(sender, patience=patience, capacity=capacity)) for each, sender in senders]
    return Notifications(couriers, repetitions)
