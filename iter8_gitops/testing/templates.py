"""The contract of a template engine."""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

from iter8_gitops.errors import TemplateError
from iter8_gitops.hooks.answers import Answer
from iter8_gitops.testing.checks import check, raised, same
from iter8_gitops.testing.plugin import PluginContract, PluginUnderTest

TEMPLATE_DATA: Mapping[str, Any] = MappingProxyType(
    {
        "Name": "backend",
        "Namespace": "shop",
        "Labels": {"app": "backend", "app.kubernetes.io/part-of": "shop"},
        "Annotations": {},
        "Weights": [70, 30],
        "Versions": [
            {
                "Name": "v0",
                "Weight": 70,
                "Signature": "1f3a",
                "Resources": [{"GVRShort": "isvc", "Name": "backend-0", "Namespace": "shop"}],
            },
            {
                "Name": "v1",
                "Weight": 30,
                "Signature": "",
                "Resources": [{"GVRShort": "isvc", "Name": "backend-1", "Namespace": "shop"}],
            },
        ],
    }
)
"""What a routing template is given, for an application with two versions."""

_LESS_DATA: tuple[Mapping[str, Any], ...] = (
    {"Name": "x", "Namespace": "x", "Labels": {}, "Annotations": {}, "Weights": [0], "Versions": []},
    {**TEMPLATE_DATA, "Versions": [], "Weights": []},
    {**TEMPLATE_DATA, "Name": "{{ %}\n\ud800", "Labels": {"": "", "a b": "\x00"}},
)
_LONGEST_MESSAGE = 1000
_UNKNOWN_ENGINE = "no-such-engine"


class TemplateContract(PluginContract):
    """A plugin with `render_template`. Give `plugin`, `engine`, `renders`, `broken`, and `hostile` if you know some."""

    engine: ClassVar[str]
    """How a routing template names the engine."""

    renders: ClassVar[Mapping[str, str]]
    """Template -> the text that it gives with `data`."""

    broken: ClassVar[Mapping[str, str]]
    """Template that is at fault -> what the message must say of it, such as `line 3`."""

    hostile: ClassVar[Sequence[str]] = ()
    """Templates that would run for ever, or make more text than there is memory."""

    seconds: ClassVar[float] = 5.0
    """How long a template may take, also a hostile one."""

    data: ClassVar[Mapping[str, Any]] = TEMPLATE_DATA

    def test_templates_are_rendered(self) -> None:
        """Twice the same text, and the data are left as they were."""
        loaded, data = self.loaded(), _plain(self.data)
        for template, expected in self.renders.items():
            for _ in range(2):
                same(self._rendered(loaded, template, data), expected, f"the text of {template!r:.200}")
                same(data, _plain(self.data), f"the data after {template!r:.200}")

    def test_a_broken_template_is_a_template_error_for_its_author(self) -> None:
        """With a message that can be printed and says where to look."""
        loaded = self.loaded()
        for template, said in self.broken.items():
            message = self._refusal(loaded, template)
            check(message, f"{template!r:.200} is rendered, but it is broken")
            check(said in message, f"the message on {template!r:.200} does not say {said!r}: {message!r:.300}")
            check(
                message.isprintable() and len(message) <= _LONGEST_MESSAGE,
                f"the message on {template!r:.200} cannot be printed or is too long: {message!r:.300}",
            )

    def test_another_engine_is_left_to_other_plugins(self) -> None:
        """None, whatever the template is."""
        for template in (*self.renders, *self.broken):
            answer = self.loaded().ask(
                "render_template", engine=_UNKNOWN_ENGINE, template=template, data=_plain(self.data)
            )
            if answer.error is not None:
                raised(answer.error, "render_template", f"the engine {_UNKNOWN_ENGINE!r}")
            check(answer.value is None, f"render_template answers for the engine {_UNKNOWN_ENGINE!r}")

    def test_less_data_is_no_reason_to_break(self) -> None:
        """An application may have no labels and no versions: text, or a template error."""
        loaded = self.loaded()
        for data in _LESS_DATA:
            for template in self.renders:
                self._answer(loaded, template, _plain(data))

    def test_a_hostile_template_ends(self) -> None:
        """In time, with text or a template error; a template's author may know nothing of this process."""
        loaded = self.loaded()
        for template in self.hostile:
            started = time.monotonic()
            self._answer(loaded, template, _plain(self.data))
            took = time.monotonic() - started
            check(took <= self.seconds, f"{template!r:.200} took {took:.1f} s, more than {self.seconds:g} s")

    def test_a_template_after_a_hostile_one_is_rendered(self) -> None:
        """What one template did to the engine is over when the next one comes."""
        loaded = self.loaded()
        for template in self.hostile[:3]:
            self._answer(loaded, template, _plain(self.data))
            for fine, expected in self.renders.items():
                same(self._rendered(loaded, fine, _plain(self.data)), expected, f"the text of {fine!r:.200}")

    def _answer(self, loaded: PluginUnderTest, template: str, data: Mapping[str, Any]) -> Answer:
        answer = loaded.ask("render_template", engine=self.engine, template=template, data=data)
        if answer.error is not None and not isinstance(answer.error, TemplateError):
            raised(answer.error, "render_template", f"{template!r:.200}")
        is_text = answer.error is not None or isinstance(answer.value, str)
        check(is_text, f"render_template gives no text for {template!r:.200}, but {answer.value!r:.200}")
        return answer

    def _rendered(self, loaded: PluginUnderTest, template: str, data: Mapping[str, Any]) -> object:
        answer = self._answer(loaded, template, data)
        check(answer.error is None, f"{template!r:.200} is not rendered: {answer.error}")
        return answer.value

    def _refusal(self, loaded: PluginUnderTest, template: str) -> str:
        answer = self._answer(loaded, template, _plain(self.data))
        return str(answer.error) if answer.error is not None else ""


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    return copy.deepcopy(dict(data))
