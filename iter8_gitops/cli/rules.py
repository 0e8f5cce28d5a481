"""The plugins and configured rules, put together as the controller does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from iter8_gitops.cli.material import Material
from iter8_gitops.hooks.manager import Plugins
from iter8_gitops.runtime.configuration import Configuration, load_configuration
from iter8_gitops.runtime.explaining import Explainer
from iter8_gitops.runtime.kind_resolver import KindResolver
from iter8_gitops.spec.kinds import KindTable


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything that has an opinion, and the names of kinds."""

    plugins: Plugins
    kinds: KindTable

    def explainer(self, material: Sequence[Material]) -> Explainer:
        """An explainer that knows these objects."""
        return Explainer(self.plugins, self.kinds, {str(index): each.objects for index, each in enumerate(material)})


def rules_of(config: Path | None) -> Rules:
    """The installed plugins, and before them the rules of a configuration. Raises `ConfigurationError`."""
    configuration = load_configuration(config) if config is not None else Configuration()
    plugins = Plugins.load()
    resolver = KindResolver(configuration.resource_types, plugins)
    extra = resolver.plugin()
    return Rules(Plugins.load(extra=extra) if extra else plugins, resolver.table())
