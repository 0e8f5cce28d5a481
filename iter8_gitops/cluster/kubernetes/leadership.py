"""Whether this replica may write: it holds the Lease, or it is told that it is the only one."""

from __future__ import annotations

from collections.abc import Callable

from iter8_gitops.cluster.kubernetes.settings import KubernetesSettings
from iter8_gitops.kube.client import KubeClient
from iter8_gitops.kube.lease import LeaseElector


class Leadership:
    """Tells `on_change`, from any thread, when this replica begins or ends to lead. Thread-safe."""

    def __init__(
        self, client: KubeClient, namespace: str, settings: KubernetesSettings, on_change: Callable[[bool], None]
    ) -> None:
        self._identity = settings.identity
        self._on_change = on_change
        self._elector = (
            LeaseElector(
                client,
                namespace,
                settings.instance,
                settings.identity,
                duration=settings.lease_seconds,
                on_change=on_change,
            )
            if settings.elect
            else None
        )

    def start(self) -> None:
        """Begin to stand for election."""
        if self._elector is None:
            self._on_change(True)
        else:
            self._elector.start()

    def stop(self) -> None:
        """Give up the Lease, so that another replica leads at once."""
        if self._elector is not None:
            self._elector.stop()

    def leads(self) -> bool:
        """True while this replica may write."""
        return self._elector is None or self._elector.leads()

    @property
    def refusal(self) -> str:
        """Why this replica can never lead as things are; "" when it can."""
        return "" if self._elector is None else self._elector.refusal

    @property
    def silence(self) -> str:
        """Why the API server has not been heard of for some seconds; "" while it answers, or is not asked."""
        return "" if self._elector is None else self._elector.silence

    def holder(self) -> str:
        """Who leads, as seen last."""
        return self._identity if self._elector is None else self._elector.holder()
