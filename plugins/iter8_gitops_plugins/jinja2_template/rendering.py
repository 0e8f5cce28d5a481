"""From a template and its data to text: limits on what goes in, and words for what goes wrong."""

from __future__ import annotations

import atexit
import json
import os
import time
from collections.abc import Mapping
from typing import Any

from iter8_gitops.hooks import TemplateError, text
from iter8_gitops_plugins.jinja2_template.worker import Worker, WorkerEndedError, WorkerTooSlowError

_MAX_SOURCE = 32 * 1024
_MAX_DATA = 512 * 1024
"""Characters of JSON; the API server allows 256 KiB of annotations."""
_SECONDS = 2.0
_REST_SECONDS = 30.0
_MAX_RESTING = 1000


class Renderer:
    """Renders in a worker process. Threads may share it.

    A template that took too long is not tried again for a while: it is rendered whenever its routemap is
    reconciled, and would delay everybody else's each time.
    """

    def __init__(self, worker: Worker, seconds: float = _SECONDS, rest: float = _REST_SECONDS) -> None:
        """`seconds` is the limit of one template, `rest` the seconds until one that exceeded it is tried again."""
        self._worker = worker
        self._seconds = seconds
        self._rest = rest
        self._resting: dict[str, float] = {}

    def render(self, source: str, data: Mapping[str, Any]) -> str:
        """The text of the template. Raises `TemplateError` for whatever is wrong with it."""
        question = _question(source, data)
        # The same words every time, so that the problem that people see does not seem to change.
        message = f"the template takes longer than {self._seconds:g} s, so it is not tried again for {self._rest:g} s"
        if self._resting.get(source, 0.0) > time.monotonic():
            raise TemplateError(message)
        try:
            return _text(self._worker.ask(question, self._seconds))
        except WorkerTooSlowError as error:
            if len(self._resting) >= _MAX_RESTING:
                self._resting.clear()
            self._resting[source] = time.monotonic() + self._rest
            raise TemplateError(message) from error
        except WorkerEndedError as error:
            message = f"the template cannot be rendered: {error}"
            raise TemplateError(message) from error


def _question(source: str, data: Mapping[str, Any]) -> bytes:
    if len(source) > _MAX_SOURCE:
        message = f"the template has {len(source)} characters, {_MAX_SOURCE} are allowed"
        raise TemplateError(message)
    written = json.dumps(dict(data), default=dict)
    if len(written) > _MAX_DATA:
        message = f"the routemap's data has {len(written)} characters, a template may be given {_MAX_DATA}"
        raise TemplateError(message)
    return f'{{"source": {json.dumps(source)}, "data": {written}}}'.encode()


def _text(answer: bytes) -> str:
    """The text in an answer of the worker, which is not trusted to keep to the format."""
    try:
        reply = json.loads(answer)
        rendered, error = reply.get("text"), reply.get("error")
    except (ValueError, RecursionError, AttributeError) as unreadable:
        raise TemplateError("the template cannot be rendered: it made an answer that cannot be read") from unreadable
    if not isinstance(rendered, str):
        raise TemplateError(text(error) or "the template cannot be rendered")
    return rendered


_WORKER = Worker()
_RENDERER = Renderer(_WORKER)
render = _RENDERER.render
"""`Renderer.render` with the one worker of this process."""

atexit.register(_WORKER.close)
os.register_at_fork(after_in_child=_WORKER.forget)
