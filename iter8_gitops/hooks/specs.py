"""What plugins may answer: the hook specifications.

A plugin is a module or an object with functions marked `@hookimpl`, named as below, and registered
under the entry point group `iter8_gitops`. A function may leave out arguments that it does not use.

Order: plugins of other distributions are asked first, then the first-party ones, then the
first-party fallback `generic`; among themselves, in the order of pluggy (the last loaded first,
`tryfirst` and `trylast` respected). A plugin that raises ends the question: the answer is an
error that names it, and no other plugin is asked. Wrappers are refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import pluggy

from iter8_gitops.contracts.cluster import ClusterRequest, OpenedCluster
from iter8_gitops.contracts.git_host import GitHost, GitHostRequest
from iter8_gitops.contracts.metric_store import MetricStore, MetricStoreRequest
from iter8_gitops.contracts.notifier import Notifier, NotifierSettings
from iter8_gitops.contracts.source import Source, SourceRequest
from iter8_gitops.spec.readiness import Readiness
from iter8_gitops.spec.resource import Resource, ResourceId, ResourceKind

PROJECT = "iter8_gitops"
"""The name that hook markers, hook manager and entry point group share."""

JsonValue: TypeAlias = Any
"""A plain JSON value: dict with string keys, list, str, int, finite float, bool or None."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a function as the implementation of the hook of the same name."""


class Hooks(Protocol):
    """Every hook, with its arguments, its return value, and what None means."""

    @hookspec
    def resource_kinds(self) -> Sequence[ResourceKind]:
        """The kinds that routemaps may name by a short name (`gvrShort`).

        Asked of every plugin, once, when it is loaded; all answers are joined, in call order. A kind that no
        plugin lists can still be named by `apiVersion` and `kind`.

        Returns the kinds that this plugin adds. None means that it adds none.
        """

    @hookspec
    def related_resources(self, resource: Resource) -> Sequence[ResourceId] | None:
        """Which other objects does a verdict on this one, or its content, depend on?

        Asked of every plugin, as often as `readiness`; all answers are joined. The objects are watched from then
        on, and a change of one is a change of `resource`. Like any other they need the label
        `iter8.tools/watch: "true"` to be seen.

        `resource` is as for `readiness`.

        Returns their ids, at most 20. None means that this plugin needs no other object.
        """

    @hookspec(firstresult=True)
    def readiness(self, resource: Resource, related: Mapping[ResourceId, Resource]) -> Readiness | None:
        """Does this object answer, and with the content that it declares?

        Asked in call order until a plugin answers, for every change of an object that a routemap names, so it
        must be quick, and must depend on nothing but its arguments.

        `resource` is a live object; its manifest may be malformed in any way, and must not be changed. `related`
        holds those of its `related_resources` that can be seen.

        Returns the verdict, with a CamelCase `reason` and a `message` that a person can act on. None means
        that this plugin has no rule for the kind; when no plugin has one, the state is `unknown`.
        """

    @hookspec(firstresult=True)
    def signature_content(self, resource: Resource, related: Mapping[ResourceId, Resource]) -> JsonValue | None:
        """Which part of this object is content, such that metrics of older content no longer count?

        Asked in call order until a plugin answers. The core makes the canonical JSON and the digest: two
        values that are equal as JSON are the same content.

        `resource` and `related` are as for `readiness`.

        Returns plain JSON values. An empty dict means that nothing of the object is content. None means that
        this plugin has no rule for the kind.
        """

    @hookspec(firstresult=True)
    def render_template(self, engine: str, template: str, data: Mapping[str, Any]) -> str | None:
        """Render a routing template.

        Asked in call order until a plugin answers.

        `engine` is the one that the routing template names (`go` unless it says otherwise), `template` its
        source. `data` holds plain JSON values under `Name`, `Namespace`, `Labels`, `Annotations`, `Weights`
        and `Versions`. Templates are written by people who may know nothing of this process: rendering must end
        soon, in bounded memory, and without reaching anything but `data`.

        Returns the rendered text. None means that this plugin does not know the engine. Raises `TemplateError`
        with a message for the template's author, naming the line, when the template is at fault.
        """

    @hookspec(firstresult=True)
    def open_source(self, request: SourceRequest) -> Source | None:
        """Open the place that routemaps are read from.

        Asked in call order until a plugin answers, once at start.

        `request` says which location is meant, and how to read it.

        Returns a source, which has touched neither disk nor network yet. None means that this plugin does not
        know locations of this form. Raises `ConfigurationError` for what can never work.
        """

    @hookspec(firstresult=True)
    def open_cluster(self, request: ClusterRequest) -> OpenedCluster | None:
        """Open the cluster that resources live in, and that routes are applied to.

        Asked in call order until a plugin answers, once at start.

        `request` says which backend is meant, and how to use it.

        Returns a backend that has asked nothing of the cluster yet. None means that this plugin has no backend of
        that name. Raises `ConfigurationError` for what can never work.
        """

    @hookspec(firstresult=True)
    def open_metric_store(self, request: MetricStoreRequest) -> MetricStore | None:
        """Open the store of exposures and metrics.

        Asked in call order until a plugin answers, in every serving process, after the process was forked.

        `request` says which store is meant.

        Returns the store. None means that this plugin does not know stores of this form. Raises
        `ConfigurationError` for what can never work.
        """

    @hookspec(firstresult=True)
    def open_notifier(self, settings: NotifierSettings) -> Notifier | None:
        """Make a notifier of a type.

        Asked in call order until a plugin answers, once at start for each notifier that is configured.

        `settings` are its type, its options, and its secrets, which must never get into a message.

        Returns the notifier, which has not connected to anything yet. None means that this plugin does not know the
        type. Raises `ConfigurationError`, which names the option, for what can never work.
        """

    @hookspec(firstresult=True)
    def open_git_host(self, request: GitHostRequest) -> GitHost | None:
        """Open the host of a Git repository, to propose commits there.

        Asked in call order until a plugin answers, for `promote --pull-request`.

        `request` says which repository of which host is meant, and holds the token, which must never get into a
        message or a URL.

        Returns the host, which has not connected to anything yet. None means that this plugin knows neither the type
        nor, where no type is named, the host. Raises `ConfigurationError` for what can never work.
        """
