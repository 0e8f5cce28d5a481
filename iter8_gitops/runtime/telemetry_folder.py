"""Where the controller counts: beside the serving processes, so that any of these answers a scrape for it as well."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from iter8_gitops.errors import ConfigurationError
from iter8_gitops.runtime.notifying.courier import Counts
from iter8_gitops.spec.state_folder import StateFolder

if TYPE_CHECKING:
    from iter8_gitops.runtime.telemetry import ControllerTelemetry


def share_counters(state: StateFolder) -> None:
    """Let this process count in files. In vain unless it comes before `prometheus_client` is first imported."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_folder(state))


def open_telemetry(state: StateFolder, counts: Callable[[], Mapping[str, Counts]]) -> ControllerTelemetry:
    """Counts from 0; `counts` says what became of notices. Raises `ConfigurationError`."""
    folder = _folder(state)
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"the state folder cannot be used: {folder}: {error.strerror}"
        raise ConfigurationError(message) from error
    # Not before the folder of the counters is known: see `share_counters`.
    from iter8_gitops.runtime.telemetry import ControllerTelemetry

    return ControllerTelemetry(counts)


def _folder(state: StateFolder) -> Path:
    return state.prometheus / "controller"
