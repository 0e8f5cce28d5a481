"""OpenFeature's Python SDK on the client: flags that are evaluated in the process. Needs the extra `openfeature`.

A flag is an application. As an integer it is the number of the version that the user gets, as a string its name, as a
boolean whether it is another one than the primary, and as an object all that is known of it.
"""
# ruff: noqa: ARG002 (which arguments there are is for the SDK to say)

from __future__ import annotations

import logging
import os
import threading
import weakref
from collections.abc import Mapping, Sequence
from typing import TypeVar

from openfeature.evaluation_context import EvaluationContext
from openfeature.event import ProviderEventDetails
from openfeature.exception import (
    FlagNotFoundError,
    InvalidContextError,
    ProviderNotReadyError,
    TargetingKeyMissingError,
    TypeMismatchError,
)
from openfeature.flag_evaluation import FlagResolutionDetails, FlagValueType, Reason
from openfeature.provider import AbstractProvider, Metadata, ProviderStatus
from openfeature.track import TrackingEventDetails

from iter8_gitops.core.cohorts import Recommendation
from iter8_gitops.core.openfeature import changed_flags, metadata_of, reason_of, scalars
from iter8_gitops.errors import InvalidArgumentError, Iter8Error, NotFoundError, UnavailableError
from iter8_gitops.sdk.client import Client

__all__ = ["Iter8Provider"]

LOOK_SECONDS = 0.5
"""How soon the provider's events follow what happens."""

_log = logging.getLogger("iter8_gitops.sdk")
_T = TypeVar("_T")
_Object = Sequence[FlagValueType] | Mapping[str, FlagValueType]


class Iter8Provider(AbstractProvider):
    """Evaluates flags with a `Client`; every evaluation counts as an exposure.

    Given a URL, it makes a client of its own when it is initialised, and closes it when it is shut down; a client that
    it is given stays the caller's. `tracked` are the applications that tracking events are written to as metric values,
    where an event does not name its own as `application`. Initialising waits `ready_seconds` for the board at most.
    """

    def __init__(self, client: Client | str, *, tracked: Sequence[str] = (), ready_seconds: float = 10.0) -> None:
        super().__init__()
        self._given = client
        self._tracked = tuple(tracked)
        self._ready_seconds = ready_seconds
        self._client = client if isinstance(client, Client) else None
        self._stopped = threading.Event()
        self._watcher: threading.Thread | None = None
        in_child = weakref.WeakMethod(self._after_fork)
        os.register_at_fork(after_in_child=lambda: (go_on := in_child()) and go_on())

    def get_metadata(self) -> Metadata:
        """Called by the SDK."""
        return Metadata(name="iter8-gitops")

    def initialize(self, evaluation_context: EvaluationContext) -> None:
        """Wait for the board. Raises `ProviderNotReadyError` when none comes in time; READY is told once one does."""
        if self._client is None:
            self._client = Client(str(self._given))
        try:
            self._client.wait_until_ready(self._ready_seconds)
        except UnavailableError as error:
            self._watch(self._client, ready=False)
            raise ProviderNotReadyError(str(error)) from error
        self._watch(self._client, ready=True)

    def shutdown(self) -> None:
        """Tell of nothing more; send what waits."""
        self._stopped.set()
        if self._watcher is not None:
            self._watcher.join(LOOK_SECONDS * 4)
            self._watcher = None
        if self._client is not None and self._client is not self._given:
            self._client.close()
            self._client = None

    def resolve_boolean_details(
        self, flag_key: str, default_value: bool, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[bool]:
        """Whether the user gets another version than the primary."""
        found = self._lookup(flag_key, evaluation_context)
        return _details(found, found.version_number != 0)

    def resolve_integer_details(
        self, flag_key: str, default_value: int, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[int]:
        """The number of the version; 0 is the primary."""
        found = self._lookup(flag_key, evaluation_context)
        return _details(found, found.version_number)

    def resolve_string_details(
        self, flag_key: str, default_value: str, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[str]:
        """The name of the version."""
        found = self._lookup(flag_key, evaluation_context)
        return _details(found, found.version_name)

    def resolve_object_details(
        self, flag_key: str, default_value: _Object, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[_Object]:
        """All that is known of the version: its number and name, and the flag's metadata."""
        found = self._lookup(flag_key, evaluation_context)
        known: _Object = {"version": found.version_number, "name": found.version_name, **metadata_of(found)}
        return _details(found, known)

    def resolve_float_details(
        self, flag_key: str, default_value: float, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[float]:
        """Raises `TypeMismatchError`: versions are counted, not measured."""
        raise TypeMismatchError("ask for a boolean, an integer, a string or an object: a version is no float")

    def track(
        self,
        tracking_event_name: str,
        evaluation_context: EvaluationContext | None = None,
        tracking_event_details: TrackingEventDetails | None = None,
    ) -> None:
        """Write the event's value (1 when it has none) as a metric value of that name. Never raises.

        The attribute `application` of the event says to which application, or to which ones; `transaction` makes it
        count once however often it is told.
        """
        details = tracking_event_details or TrackingEventDetails()
        named = details.attributes.get("application", self._tracked)
        applications = [named] if isinstance(named, str) else named
        value = 1.0 if details.value is None else details.value
        try:
            if not isinstance(applications, Sequence) or not applications:
                raise InvalidArgumentError("application", "is not named by the event, nor `tracked` by the provider")
            for application in applications:
                self._ready_client().write_metric(
                    application,  # type: ignore[arg-type]  # the client says when it is no text
                    _user(evaluation_context),
                    tracking_event_name,
                    value,
                    details.attributes.get("transaction"),  # type: ignore[arg-type]  # likewise
                )
        except (Iter8Error, TargetingKeyMissingError, ProviderNotReadyError) as error:
            said = str(error) if isinstance(error, Iter8Error) else error.error_message
            _log.warning("the event '%s' is not written: %s", tracking_event_name, said)

    def _lookup(self, key: str, context: EvaluationContext | None) -> Recommendation:
        client, user = self._ready_client(), _user(context)
        try:
            return client.lookup(key, user, scalars(context.attributes) if context else None)
        except NotFoundError as error:
            raise FlagNotFoundError(error.message) from error
        except InvalidArgumentError as error:
            # A key that no application can have is one that is not found.
            raise (FlagNotFoundError if error.field == "application" else InvalidContextError)(str(error)) from error
        except UnavailableError as error:
            raise ProviderNotReadyError(str(error)) from error

    def _ready_client(self) -> Client:
        if self._client is None:
            raise ProviderNotReadyError("the provider is not initialised")
        return self._client

    def _watch(self, client: Client, *, ready: bool) -> None:
        self._stopped = threading.Event()
        watcher = _Watcher(weakref.ref(self), client, self._stopped, ready=ready)
        self._watcher = threading.Thread(target=watcher.run, name="iter8-openfeature", daemon=True)
        self._watcher.start()

    def _after_fork(self) -> None:
        """In the child, which has no thread of the parent's."""
        if self._watcher is not None and self._client is not None:
            self._watch(self._client, ready=self._client.status.ready)


class _Watcher:
    """Tells the SDK what becomes of the client, until `stopped`, or nobody has the provider any more.

    `ready` says whether the SDK was told that it is ready.
    """

    def __init__(
        self, provider: weakref.ref[Iter8Provider], client: Client, stopped: threading.Event, *, ready: bool
    ) -> None:
        self._provider = provider
        self._client = client
        self._stopped = stopped
        self._told = ProviderStatus.READY if ready else ProviderStatus.ERROR
        self._routemaps = client.snapshot.routemaps

    def run(self) -> None:
        """Look at the client every half second."""
        while not self._stopped.wait(LOOK_SECONDS):
            provider = self._provider()
            if provider is None:
                return
            try:
                self._look(provider)
            except Exception:  # noqa: BLE001 (a handler of the program's own: the next event must be told all the same)
                _log.exception("an event could not be told")
            del provider

    def _look(self, provider: Iter8Provider) -> None:
        status = self._client.status
        before, self._routemaps = self._routemaps, self._client.snapshot.routemaps
        if not status.ready:
            return
        told, self._told = self._told, ProviderStatus.STALE if status.stale else ProviderStatus.READY
        if told is ProviderStatus.ERROR or (told is not self._told and not status.stale):
            provider.emit_provider_ready(ProviderEventDetails(message="the board is up to date"))
        if told is not self._told and status.stale:
            provider.emit_provider_stale(ProviderEventDetails(message=status.reason))
        changed = changed_flags(before, self._routemaps)
        if changed and told is not ProviderStatus.ERROR:
            provider.emit_provider_configuration_changed(ProviderEventDetails(flags_changed=changed))


def _user(context: EvaluationContext | None) -> str:
    if context is None or not context.targeting_key:
        raise TargetingKeyMissingError("the evaluation context has no targeting key; it says which user gets a version")
    return context.targeting_key


def _details(found: Recommendation, value: _T) -> FlagResolutionDetails[_T]:
    return FlagResolutionDetails(
        value, variant=found.version_name, reason=Reason(reason_of(found)), flag_metadata=metadata_of(found)
    )
