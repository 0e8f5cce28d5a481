"""The signature that the versions of a routemap have by what the manifests of a tree say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from iter8_gitops.cluster.catalogue import Catalogue
from iter8_gitops.core.signature import digest, version_signature
from iter8_gitops.hooks.manager import Plugins
from iter8_gitops.promotion.refusals import PromotionRefusedError
from iter8_gitops.promotion.tree import Tree
from iter8_gitops.spec.resource import Resource, ResourceId


class Signatures:
    """Computes signatures as the controller does, with `plugins`, of the objects of `tree`.

    On a cluster that adds fields to what was applied, the controller may see another one.
    """

    def __init__(self, plugins: Plugins, tree: Tree) -> None:
        self._plugins = plugins
        self._catalogue = Catalogue()
        self._catalogue.replace({path: contents.resources for path, contents in tree.contents.items()})

    def of_version(self, resources: Sequence[ResourceId]) -> str:
        """The signature of a version. Raises `PromotionRefusedError` when an object is missing, or a plugin breaks."""
        return version_signature([(each.group, each.kind, self._digest(each)) for each in resources])

    def differ(self, identity: ResourceId, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        """Whether two manifests of an object differ in what counts as content."""
        return self._content(Resource(identity, one)) != self._content(Resource(identity, other))

    def _digest(self, identity: ResourceId) -> str:
        found = self._catalogue.find(identity)
        if not isinstance(found, Resource):
            raise PromotionRefusedError(found.message)
        return self._content(found)

    def _content(self, resource: Resource) -> str:
        seen = {each: self._catalogue.find(each) for each in self._plugins.related_resources(resource)}
        related = {identity: found for identity, found in seen.items() if isinstance(found, Resource)}
        content = self._plugins.signature_content(resource, related)
        if content.error:
            message = f"what of {resource.id} is content cannot be told: {content.error}"
            raise PromotionRefusedError(message)
        return digest(content.value)
