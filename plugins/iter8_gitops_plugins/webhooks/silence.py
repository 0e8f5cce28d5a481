"""Keeps addresses out of the logs of the HTTP library, which names the path of every request."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_LOGGERS = ("urllib3.connection", "urllib3.connectionpool", "urllib3.poolmanager", "urllib3.util.retry")
_posting: ContextVar[bool] = ContextVar("posting", default=False)


class _NotWhilePosting(logging.Filter):
    """Lets through what others do with the library, for instance the Kubernetes client."""

    def filter(self, _record: logging.LogRecord) -> bool:
        return not _posting.get()


_filter = _NotWhilePosting()
for _name in _LOGGERS:
    logging.getLogger(_name).addFilter(_filter)


@contextmanager
def library_silenced() -> Iterator[None]:
    """While this lasts, the HTTP library logs nothing of what this thread does."""
    token = _posting.set(True)
    try:
        yield
    finally:
        _posting.reset(token)
