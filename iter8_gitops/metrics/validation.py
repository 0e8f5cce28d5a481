"""What a store refuses before it touches anything."""

from __future__ import annotations

from collections.abc import Sequence

from iter8_gitops.errors import InvalidArgumentError
from iter8_gitops.spec.metric import MAX_MAGNITUDE, Arm, Exposure, MetricValue

_MAX_INTEGER = 2**63 - 1


def check(exposures: Sequence[Exposure], values: Sequence[MetricValue]) -> None:
    """Raise `InvalidArgumentError` for the first exposure or value that no store could keep."""
    for index, exposure in enumerate(exposures):
        where = f"exposures[{index}]"
        _check_text(exposure.user, where, "user")
        _check_arm(exposure.arm, exposure.experiment, where)
    for index, value in enumerate(values):
        if not -MAX_MAGNITUDE <= value.value <= MAX_MAGNITUDE:
            field = f"values[{index}].value"
            message = f"{value.value!r} is not a finite number between -{MAX_MAGNITUDE:g} and {MAX_MAGNITUDE:g}"
            raise InvalidArgumentError(field, message)
        where = f"values[{index}]"
        _check_text(value.name, where, "name")
        _check_text(value.user, where, "user")
        _check_arm(value.fallback, value.experiment, where)
        if value.transaction:
            _check_text(value.transaction, where, "transaction")
        for pair in value.products:
            for name in pair:
                _check_text(name, where, "products")


def _check_text(text: str, where: str, field: str) -> None:
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError as error:
        named = f"{where}.{field}"
        message = "has half a surrogate pair, which is not a character that UTF-8 can carry"
        raise InvalidArgumentError(named, message) from error


def _check_arm(arm: Arm, experiment: int, where: str) -> None:
    if not (0 <= arm.version <= _MAX_INTEGER and 0 <= arm.epoch <= _MAX_INTEGER):
        named = f"{where}.arm"
        message = f"version {arm.version} and epoch {arm.epoch} must not be negative, nor exceed 64 bits"
        raise InvalidArgumentError(named, message)
    _check_text(arm.application, where, "application")
    if not 0 <= experiment <= arm.epoch:
        named = f"{where}.experiment"
        message = f"experiment {experiment} must not be negative, nor begin after epoch {arm.epoch}"
        raise InvalidArgumentError(named, message)
    _check_text(arm.signature, where, "signature")
    _check_text(arm.cohort, where, "cohort")
