"""Applications as feature flags, in the words of OpenFeature: what OFREP asks, whatever the transport.

A flag is an application: its value is the number of the version that a user gets (0 is the primary), its variant the
version's name. The targeting key is the user; what else the evaluation context holds are attributes.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec
from xxhash import xxh3_128_intdigest

from iter8_gitops.core.arguments import check_user
from iter8_gitops.core.attributes import attribute_texts
from iter8_gitops.core.cohorts import Recommendation
from iter8_gitops.core.openfeature import evaluated_of, scalars
from iter8_gitops.errors import InvalidArgumentError, NotFoundError
from iter8_gitops.serving.usecases import Experiments
from iter8_gitops.spec.snapshot import RoutemapState

KEY = "key"
TARGETING_KEY = "context.targetingKey"

_DIGEST = 1 << 128
_KINDS = {"dict": "an object", "list": "an array", "str": "a string", "bool": "a boolean", "NoneType": "null"}


class MissingUserError(InvalidArgumentError):
    """The evaluation context does not say who is asking."""

    def __init__(self) -> None:
        super().__init__(TARGETING_KEY, "is missing or empty; it says which user gets a version")


@dataclass(frozen=True, slots=True)
class EvaluationContext:
    """Who is asking, and what the caller says of them, as `core.attributes` has it."""

    user: str
    attributes: Mapping[str, str]


def context_in(document: Any) -> EvaluationContext:
    """The evaluation context in a decoded request: `{"context": {"targetingKey": "user", ..}}`.

    Lists, objects and nulls in it are no attributes: rules compare single values. Raises `MissingUserError`, and
    `InvalidArgumentError` with the field `body`, `context`, `context.targetingKey` or `context.NAME`.
    """
    given = _object("body", document).get("context")
    context = {} if given is None else _object("context", given)
    user = context.get("targetingKey")
    if user is None or user == "":
        raise MissingUserError
    if not isinstance(user, str):
        message = f"must be a string, not {_kind(user)}"
        raise InvalidArgumentError(TARGETING_KEY, message)
    check_user(TARGETING_KEY, user)
    return EvaluationContext(user, attribute_texts(scalars(context), "context"))


class Flags:
    """What OFREP asks of `Experiments`."""

    def __init__(self, experiments: Experiments) -> None:
        self._experiments = experiments
        self._fingerprint = _Fingerprint()

    def evaluate(self, key: str, context: EvaluationContext) -> Recommendation:
        """What the user gets of the application `key`; it counts as an exposure. Raises as a lookup does."""
        return self._experiments.lookup(key, context.user, KEY, context.attributes)

    def evaluate_all(self, context: EvaluationContext, namespace: str, *, exposed: bool) -> tuple[Recommendation, ...]:
        """What the user gets of every application (of `namespace`, "" for all), ascending by name.

        `exposed` says that the user was given all of them; it is for the event loop then, and else for any thread.
        Raises `UnavailableError` before the first snapshot.
        """
        prefix = f"{namespace}/" if namespace else ""
        lookup = self._experiments.lookup if exposed else self._experiments.peek
        found = []
        for name in sorted(self._experiments.published().routemaps):
            # One that has gone meanwhile is left out.
            with suppress(NotFoundError):
                if name.startswith(prefix):
                    found.append(lookup(name, context.user, KEY, context.attributes))
        return tuple(found)

    def version(self) -> str:
        """A digest of all that decides what users get: the same in every process that follows the same board.

        Raises `UnavailableError` before the first snapshot.
        """
        return self._fingerprint.of(self._experiments.published().routemaps)


class _Fingerprint:
    """A digest of many states that costs as much as has changed since it was last asked for. Safe in any thread."""

    def __init__(self) -> None:
        self._last: tuple[Mapping[str, RoutemapState], str] = {}, _written(0)
        self._known: dict[str, tuple[RoutemapState, int]] = {}

    def of(self, states: Mapping[str, RoutemapState]) -> str:
        last, digest = self._last
        if states is last:
            return digest
        known = self._known
        fresh = {
            name: found if (found := known.get(name)) is not None and found[0] is state else (state, _digest(state))
            for name, state in states.items()
        }
        # A sum, so that the order of the states does not matter.
        digest = _written(sum(each for _, each in fresh.values()) % _DIGEST)
        self._known, self._last = fresh, (states, digest)
        return digest


def _digest(state: RoutemapState) -> int:
    return xxh3_128_intdigest(msgspec.json.encode(evaluated_of(state)))


def _written(digest: int) -> str:
    return f"{digest:032x}"


def _object(field: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        message = f"must be an object, not {_kind(value)}"
        raise InvalidArgumentError(field, message)
    return value


def _kind(value: Any) -> str:
    return _KINDS.get(type(value).__name__, "a number")
