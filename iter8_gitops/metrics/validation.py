"""What a store refuses before it touches anything."""

from __future__ import annotations

from collections.abc import Sequence

from iter8_gitops.errors import InvalidArgumentError
from iter8_gitops.spec.metric import MAX_MAGNITUDE, Arm, Exposure, MetricValue

_MAX_INTEGER = 2**63 - 1


def check(exposures: Sequence[Exposure], values: Sequence[MetricValue]) -> None:
    """Raise `InvalidArgumentError` for the first exposure or value that no store could keep."""
    # By identity and experiment, the arms that were looked at: thousands of values share few of them.
    sound: set[tuple[int, int]] = set()
    for index, (arm, user, experiment) in enumerate(exposures):
        if not user.isascii():  # asked here already, for there are many
            _check_text(user, "exposures", index, "user")
        if (id(arm), experiment) not in sound:
            _check_arm(arm, experiment, "exposures", index)
            sound.add((id(arm), experiment))
    for index, value in enumerate(values):
        if not -MAX_MAGNITUDE <= value.value <= MAX_MAGNITUDE:
            field = f"values[{index}].value"
            message = f"{value.value!r} is not a finite number between -{MAX_MAGNITUDE:g} and {MAX_MAGNITUDE:g}"
            raise InvalidArgumentError(field, message)
        _check_text(value.name, "values", index, "name")
        _check_text(value.user, "values", index, "user")
        if (id(value.fallback), value.experiment) not in sound:
            _check_arm(value.fallback, value.experiment, "values", index)
            sound.add((id(value.fallback), value.experiment))
        if value.transaction:
            _check_text(value.transaction, "values", index, "transaction")
        for pair in value.products:
            for name in pair:
                _check_text(name, "values", index, "products")


def _check_text(text: str, within: str, index: int, field: str) -> None:
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError as error:
        named = f"{within}[{index}].{field}"
        message = "has half a surrogate pair, which is not a character that UTF-8 can carry"
        raise InvalidArgumentError(named, message) from error


def _check_arm(arm: Arm, experiment: int, within: str, index: int) -> None:
    if not (0 <= arm.version <= _MAX_INTEGER and 0 <= arm.epoch <= _MAX_INTEGER):
        named = f"{within}[{index}].arm"
        message = f"version {arm.version} and epoch {arm.epoch} must not be negative, nor exceed 64 bits"
        raise InvalidArgumentError(named, message)
    if not 0 <= experiment <= arm.epoch:
        named = f"{within}[{index}].experiment"
        message = f"experiment {experiment} must not be negative, nor begin after epoch {arm.epoch}"
        raise InvalidArgumentError(named, message)
    _check_text(arm.application, within, index, "application")
    _check_text(arm.signature, within, index, "signature")
    _check_text(arm.cohort, within, index, "cohort")
