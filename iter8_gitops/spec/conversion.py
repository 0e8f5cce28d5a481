"""From a spec that is valid to the routemap that it says."""

from __future__ import annotations

from iter8_gitops.spec.attributes import text_of
from iter8_gitops.spec.checks import default_version_name, group_and_kind
from iter8_gitops.spec.experiment import MetricSpec, PromotionSpec
from iter8_gitops.spec.kinds import KindTable
from iter8_gitops.spec.manifests import Metadata
from iter8_gitops.spec.resource import ResourceId
from iter8_gitops.spec.routemap import (
    Assignment,
    MetricDeclaration,
    PromotionPolicy,
    RampStep,
    Routemap,
    RoutingTemplate,
    Rule,
    Targeting,
    Version,
)
from iter8_gitops.spec.schema import ResourceSpec, RoutemapSpec, TemplateSpec


def routemap_of(metadata: Metadata, spec: RoutemapSpec, kinds: KindTable, namespace: str) -> Routemap:
    """The routemap that a valid spec says."""
    return Routemap(
        namespace=namespace,
        name=metadata.name,
        versions=tuple(
            Version(
                name=version.name or default_version_name(index),
                resources=tuple(_resource_id(resource, kinds, namespace) for resource in version.resources),
                weight=version.weight,
                progress_deadline=version.progress_deadline,
            )
            for index, version in enumerate(spec.versions)
        ),
        routing_templates=tuple(
            RoutingTemplate(
                name, template.template, template.engine, _target_kind(template, kinds), template.force_conflicts
            )
            for name, template in spec.routing_templates.items()
        ),
        assignment=_assignment(spec),
        metrics=tuple(_metric(metric) for metric in spec.metrics),
        ramp=tuple(RampStep(step.weight, step.hold) for step in spec.ramp),
        promotion=_promotion(spec.promotion),
        labels=tuple(sorted(metadata.labels.items())),
        annotations=tuple(sorted(metadata.annotations.items())),
        uid=metadata.uid,
    )


def _resource_id(resource: ResourceSpec, kinds: KindTable, namespace: str) -> ResourceId:
    kind = group_and_kind(resource.gvr_short, resource.api_version, resource.kind, kinds) or ("", "")
    return ResourceId(*kind, resource.namespace or namespace, resource.name)


def _target_kind(template: TemplateSpec, kinds: KindTable) -> tuple[str, str]:
    return group_and_kind(template.gvr_short, None, None, kinds) or ("", "")


def _assignment(spec: RoutemapSpec) -> Assignment:
    index = {version.name or default_version_name(place): place for place, version in enumerate(spec.versions)}
    given = spec.assignment
    rules = (
        Rule(
            name=rule.name or f"rule {place}",
            when=tuple(sorted((attribute, tuple(map(text_of, values))) for attribute, values in rule.when.items())),
            version=index[rule.version],
        )
        for place, rule in enumerate(given.rules, start=1)
    )
    overrides = sorted((user, index[version]) for user, version in given.overrides.items())
    return Assignment(given.salt, Targeting(tuple(overrides), given.holdout, tuple(rules)))


def _metric(metric: MetricSpec) -> MetricDeclaration:
    return MetricDeclaration(
        name=metric.name,
        goal=metric.goal,
        type=metric.type,
        denominator=metric.denominator or "",
        max_harm=metric.guardrail.max_harm if metric.guardrail else None,
        minimum_effect=metric.minimum_effect,
    )


def _promotion(promotion: PromotionSpec) -> PromotionPolicy:
    return PromotionPolicy(
        promotion.mode, tuple(dict.fromkeys(promotion.requires)), promotion.minimum_run, promotion.approved
    )
