"""What the controller would think of objects and of the versions of a routemap, and why.

Nothing is remembered from before, so a verdict that the controller would hold back after an edit is given at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from iter8_gitops.cluster.catalogue import Catalogue
from iter8_gitops.core.desired import Declared
from iter8_gitops.core.reconcile import reconcile
from iter8_gitops.core.signature import digest, version_signature
from iter8_gitops.hooks.manager import Plugins
from iter8_gitops.runtime.inspection import judge, tools
from iter8_gitops.spec.files import DecodedResource
from iter8_gitops.spec.kinds import KindTable
from iter8_gitops.spec.readiness import Readiness
from iter8_gitops.spec.resource import Observation, Resource, ResourceId
from iter8_gitops.spec.snapshot import RoutemapState

_PLUGIN_ERROR = "PluginError"


@dataclass(frozen=True, slots=True)
class Explanation:
    """The verdict on one object, the plugin (`package:name`) that gave it, and the signature of its content.

    `plugin` is "" when there is no object, or no plugin has a rule. `signature` is that of a version which consists
    of this object alone, "" when nothing can be said of its content.
    """

    id: ResourceId
    readiness: Readiness
    plugin: str
    signature: str


@dataclass(frozen=True, slots=True)
class RoutemapExplanation:
    """The state that a routemap would have, and why each object that it names is as it is."""

    state: RoutemapState
    objects: Mapping[ResourceId, Explanation]


class Explainer:
    """Explains with `plugins`. `objects` are all that there are, by the path of their file."""

    def __init__(self, plugins: Plugins, kinds: KindTable, objects: Mapping[str, Sequence[DecodedResource]]) -> None:
        self._plugins = plugins
        self._kinds = kinds
        self._catalogue = Catalogue()
        self._catalogue.replace(objects)
        self._labelled_or_not = Catalogue()
        self._labelled_or_not.replace({path: [_watched(each) for each in some] for path, some in objects.items()})

    def explain_object(self, resource: Resource) -> Explanation:
        """The verdict on `resource`, whether or not it, and what it depends on, has the watch label."""
        seen = self._beside(resource, self._labelled_or_not)
        related = {identity: found for identity, found in seen.items() if isinstance(found, Resource)}
        judgement = judge(self._plugins, resource, related)
        readiness, content = judgement.inspection.readiness, digest(judgement.inspection.content)
        known = readiness.reason != _PLUGIN_ERROR
        signature = version_signature([(resource.id.group, resource.id.kind, content)]) if known else ""
        return Explanation(resource.id, readiness, judgement.plugin, signature)

    def explain_routemap(self, declared: Declared) -> RoutemapExplanation:
        """The versions of a routemap, with everything that it names looked for among the objects."""
        named = {each: self._catalogue.find(each) for each in declared.routemap.resource_ids}
        observations = dict(named)
        for found in named.values():
            if isinstance(found, Resource):
                observations.update(self._beside(found, self._catalogue))
        state = reconcile(declared, observations, tools(self._plugins, self._kinds), None, (), now=0.0).state
        return RoutemapExplanation(
            state, {identity: self._explain(identity, found) for identity, found in named.items()}
        )

    def _beside(self, resource: Resource, among: Catalogue) -> dict[ResourceId, Observation]:
        return {each: among.find(each) for each in self._plugins.related_resources(resource)}

    def _explain(self, identity: ResourceId, found: Observation) -> Explanation:
        if isinstance(found, Resource):
            return self.explain_object(found)
        return Explanation(identity, Readiness.unknown(found.reason, found.message), "", "")


def _watched(decoded: DecodedResource) -> DecodedResource:
    return replace(decoded, watched=True)
