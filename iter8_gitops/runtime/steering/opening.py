"""Puts together what steers: what measures, and what promotes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from typing import TypeAlias

from iter8_gitops.contracts.metric_store import MetricStoreRequest
from iter8_gitops.contracts.promoter import Promoter, PromotionSettings
from iter8_gitops.contracts.source import SourceRequest
from iter8_gitops.hooks.manager import Plugins
from iter8_gitops.runtime.configuration import Configuration
from iter8_gitops.runtime.settings import ControllerSettings
from iter8_gitops.runtime.source_requests import source_requests
from iter8_gitops.runtime.steering.assessing import assess
from iter8_gitops.runtime.steering.judging import Judging
from iter8_gitops.runtime.steering.pilot import Pilot
from iter8_gitops.runtime.steering.promoting import Promoting
from iter8_gitops.spec.kinds import KindTable

OpenPromoter: TypeAlias = Callable[
    [Mapping[str, SourceRequest], PromotionSettings, Plugins, KindTable, "str | None"], Promoter
]
"""Opens what promotes, from the sources by name, how it is done, the plugins with configured rules, the kinds, and the
namespace of documents that state none."""


def open_pilot(
    settings: ControllerSettings,
    configuration: Configuration,
    plugins: Plugins,
    kinds: KindTable,
    open_promoter: OpenPromoter | None,
    stack: ExitStack,
) -> Pilot:
    """The pilot that `settings` ask for. `stack` closes what it uses. Raises `ConfigurationError`."""
    store = plugins.open_metric_store(MetricStoreRequest(settings.metrics, settings.state.metrics))
    stack.callback(store.close)
    promoting = None
    if open_promoter is not None:
        requests = source_requests(settings, configuration)
        promoter = open_promoter(requests, configuration.promotion.settings(), plugins, kinds, settings.namespace)
        promoting = Promoting(promoter)
    return Pilot(Judging(partial(assess, store)), promoting)
