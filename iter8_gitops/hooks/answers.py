"""Calling one implementation of a hook, and checking that what it said is an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TypeGuard, TypeVar

import pluggy

from iter8_gitops.contracts.cluster import Cluster, OpenedCluster
from iter8_gitops.contracts.git_host import GitHost
from iter8_gitops.contracts.metric_store import MetricStore
from iter8_gitops.contracts.notifier import Notifier
from iter8_gitops.contracts.source import Source
from iter8_gitops.errors import ConfigurationError, TemplateError
from iter8_gitops.hooks.specs import JsonValue
from iter8_gitops.spec.content import json_flaw
from iter8_gitops.spec.readiness import Readiness, ReadinessState
from iter8_gitops.spec.resource import ResourceId, ResourceKind

_Opened = TypeVar("_Opened")

MOST_RELATED = 20
"""How many objects a plugin may want to see beside one."""

PLUGIN_ERROR = "PluginError"
"""The reason of a verdict when a plugin broke, or answered with something that is not an answer."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A readiness, and the plugin (`distribution:name`) that gave it or broke; "" when no plugin has a rule."""

    readiness: Readiness
    plugin: str


@dataclass(frozen=True, slots=True)
class Content:
    """What of an object is content, as plain JSON values, and the plugin that said so.

    `error` is "" unless the plugin broke or no plugin has a rule; `value` is then an empty dict that
    says nothing.
    """

    value: JsonValue
    plugin: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one implementation did: the plugin it belongs to, and what it returned or raised."""

    plugin: str
    value: object = None
    error: BaseException | None = None

    def not_a(self, wanted: str) -> str:
        """The sentence that says why this is no answer, where `wanted` was asked for."""
        if self.error is not None:
            return f"plugin {self.plugin} broke: {describe(self.error)}"
        return f"plugin {self.plugin} answered with {type(self.value).__name__}, not with {wanted}"


def call(implementation: pluggy.HookImpl, arguments: Mapping[str, object]) -> Answer:
    """Call one implementation with those of the arguments that it names.

    A plugin that ends the process (`sys.exit`) is broken like any other; Ctrl-C is not the plugin's.
    """
    try:
        value = implementation.function(*(arguments[name] for name in implementation.argnames))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the one border that no plugin's failure crosses
        return Answer(implementation.plugin_name, error=error)
    return Answer(implementation.plugin_name, value)


def first(implementations: Sequence[pluggy.HookImpl], arguments: Mapping[str, object]) -> Answer | None:
    """What the first implementation says that has something to say; None when none has.

    Most plugins have no rule for most kinds, so passing over one costs no more than calling it.
    """
    for implementation in implementations:
        try:
            value = implementation.function(*[arguments[name] for name in implementation.argnames])
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the same border as in `call`
            return Answer(implementation.plugin_name, error=error)
        if value is not None:
            return Answer(implementation.plugin_name, value)
    return None


def verdict(answer: Answer) -> Verdict:
    """The readiness in an answer, or one that says why there is none."""
    given = answer.value
    if answer.error is not None or not isinstance(given, Readiness):
        given = Readiness.unknown(PLUGIN_ERROR, answer.not_a("a Readiness"))
    elif flaw := _readiness_flaw(given):
        given = Readiness.unknown(PLUGIN_ERROR, f"plugin {answer.plugin} gave a Readiness {flaw}")
    return Verdict(given, answer.plugin)


def content(answer: Answer) -> Content:
    """The content in an answer, or one that says why there is none."""
    if answer.error is not None:
        return Content({}, answer.plugin, answer.not_a("JSON"))
    try:
        flaw = json_flaw(answer.value)
    except RecursionError:
        flaw = "it is nested too deeply"
    if flaw:
        return Content({}, answer.plugin, f"plugin {answer.plugin} answered with what is not JSON: {flaw}")
    return Content(answer.value, answer.plugin)


def rendered(answer: Answer) -> str:
    """The text in an answer. Raises `TemplateError` when there is none."""
    if isinstance(answer.error, TemplateError):
        raise answer.error
    if answer.error is not None or not isinstance(answer.value, str):
        raise TemplateError(answer.not_a("text")) from answer.error
    return answer.value


def kinds(answer: Answer) -> tuple[ResourceKind, ...] | str:
    """The kinds in an answer, or the sentence that says why there are none."""
    listed = () if answer.value is None else answer.value
    if answer.error is not None or not isinstance(listed, (list, tuple)):
        return answer.not_a("a list of ResourceKind")
    if not all(isinstance(kind, ResourceKind) for kind in listed):
        return f"plugin {answer.plugin} lists kinds that are not ResourceKind values"
    return tuple(listed)


def related_flaw(answer: Answer) -> str:
    """What is wrong with an answer to which other objects matter; "" for nothing."""
    if answer.error is None and answer.value is None:
        return ""
    listed = answer.value
    if answer.error is not None or not isinstance(listed, (list, tuple)):
        return answer.not_a("a list of ResourceId")
    if not all(isinstance(each, ResourceId) for each in listed):
        return f"plugin {answer.plugin} lists related objects that are not ResourceId values"
    return ""


def resource_ids(answer: Answer) -> tuple[ResourceId, ...]:
    """The ids in an answer; none when it is not an answer, which the verdict on the object then says."""
    if not isinstance(answer.value, (list, tuple)):
        return ()
    return tuple(each for each in answer.value if isinstance(each, ResourceId))[:MOST_RELATED]


def opened(answer: Answer, is_one: Callable[[object], TypeGuard[_Opened]], what: str) -> _Opened:
    """The backend in an answer, where `what` was asked for. Raises `ConfigurationError` when there is none."""
    if isinstance(answer.error, ConfigurationError):
        raise answer.error
    if answer.error is not None or not is_one(answer.value):
        raise ConfigurationError(answer.not_a(what)) from answer.error
    return answer.value


# Of a protocol only the presence of its methods can be checked at run time.


def is_source(value: object) -> TypeGuard[Source]:
    """Whether it can be used as a source."""
    return isinstance(value, Source)


def is_cluster(value: object) -> TypeGuard[OpenedCluster]:
    """Whether it can be used as a cluster backend."""
    return isinstance(value, OpenedCluster) and isinstance(value.cluster, Cluster)


def is_metric_store(value: object) -> TypeGuard[MetricStore]:
    """Whether it can be used as a metric store."""
    return isinstance(value, MetricStore)


def is_notifier(value: object) -> TypeGuard[Notifier]:
    """Whether it can be used as a notifier."""
    return isinstance(value, Notifier)


def is_git_host(value: object) -> TypeGuard[GitHost]:
    """Whether it can be used as a host of Git repositories."""
    return isinstance(value, GitHost)


def describe(error: BaseException) -> str:
    """An error of somebody else's code as type and place, without its text, which may hold a secret."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    return f"{type(error).__name__} in {PurePath(trace.tb_frame.f_code.co_filename).name} line {trace.tb_lineno}"


_FIELD_TYPES: dict[str, type] = {
    "state": ReadinessState,
    "servable": bool,
    "reason": str,
    "message": str,
    "current": bool,
    "fields": tuple,
}


def _readiness_flaw(readiness: Readiness) -> str:
    """Fields of a wrong type would not fail here but where they are compared, so they are refused early."""
    for field, wanted in _FIELD_TYPES.items():
        if not isinstance(getattr(readiness, field), wanted):
            return f"whose {field} is not of type {wanted.__name__}"
    if not all(isinstance(field, str) for field in readiness.fields):
        return "whose fields are not all text"
    return "" if readiness.reason and readiness.message else "without a reason or a message"
