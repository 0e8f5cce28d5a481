"""The process that renders: it answers until the channel on its standard input is closed."""

from __future__ import annotations

import json
import os
import socket

from iter8_gitops_plugins.jinja2_template.channel import ChannelError, receive, send
from iter8_gitops_plugins.jinja2_template.confinement import clear_alarm, confine, set_alarm
from iter8_gitops_plugins.jinja2_template.sandbox import FaultyTemplateError, fault, render

_MAX_ERROR = 2_000
_FAILURE = 1


def main() -> None:
    """Say that it is ready, then answer one question after the other. Returns when the parent is gone."""
    _import_everything()
    confine()
    with socket.socket(fileno=0) as channel:
        served = False
        try:
            send(channel, b"ready")
            while True:
                question = receive(channel)
                set_alarm()
                answer = _answer(question, served=served)
                clear_alarm()
                send(channel, answer)
                served = True
        except ChannelError:
            return


def _answer(question: bytes, *, served: bool) -> bytes:
    try:
        asked = json.loads(question)
        return json.dumps({"text": render(asked["source"], asked["data"])}).encode()
    except FaultyTemplateError as error:
        return _refusal(str(error))
    except MemoryError as error:
        if served:
            # Earlier templates may be to blame, so a new process shall try: the parent sees to it.
            os._exit(_FAILURE)
        return _refusal(fault(error, "the template needs too much memory"))


def _refusal(message: str) -> bytes:
    return json.dumps({"error": message[:_MAX_ERROR]}).encode()


def _import_everything() -> None:
    """Go through the paths that import on first use, because no file can be opened later."""
    render("{% macro m() %}{{ [1]|to_yaml }}{{ [1]|tojson }}{% endmacro %}{{ m() }}{{ 'a'|urlencode }}", {})
    for faulty in ("{{ a }}", "{{ a", "{{ ''.__class__ }}", "{{ '%d' % 'a' }}", "{{ '{a.b}'.format(a=1) }}"):
        try:
            render(faulty, {})
        except FaultyTemplateError:
            continue
