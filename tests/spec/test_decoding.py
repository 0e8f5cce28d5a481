"""Both forms of routemaps, and what is wrong with those that are none."""

from __future__ import annotations

import pytest

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
from tests.spec.builders import HEADER, decode, routemap, said, seed, told

ISVC = "serving.kserve.io"


def model(name: str, namespace: str = "modelmesh-serving") -> ResourceId:
    return ResourceId(ISVC, "InferenceService", namespace, name)


def test_the_configmap_of_the_tutorial_is_a_routemap() -> None:
    assert routemap(seed("backend-routemap")) == Routemap(
        namespace="modelmesh-serving",
        name="backend",
        versions=(Version("v0", (model("backend-0"),)), Version("v1", (model("backend-1"),))),
        labels=(
            ("app.kubernetes.io/managed-by", "iter8"),
            ("iter8.tools/kind", "routemap"),
            ("iter8.tools/version", "v0.17"),
        ),
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("immutable: true\n", ""),
        ("immutable: true\n", "immutable: false\nbinaryData: {}\n"),
        ('iter8.tools/version: "v0.17"', "iter8.tools/version: nightly"),
        ('    iter8.tools/version: "v0.17"\n', ""),
        ("  name: backend\n", "  name: backend\n  creationTimestamp: null\n  uid: x\n  resourceVersion: '7'\n"),
        ("  name: backend\n", "  name: backend\n  annotations:\n"),
    ],
)
def test_the_iter8_form_is_accepted_with_whatever_kubernetes_adds(before: str, after: str) -> None:
    assert before in seed("backend-routemap")

    assert routemap(seed("backend-routemap").replace(before, after)).application == "modelmesh-serving/backend"


NATIVE = """\
apiVersion: iter8.tools/v1
kind: Routemap
metadata:
  name: checkout
  namespace: shop
  labels: {team: payments}
  annotations: {iter8.tools/weight: "3"}
  generation: 4
  uid: 6c3e2b0c-6f0e-4d0c-9a52-000000000001
spec:
  assignment: {salt: autumn}
  versions:
  - name: stable
    weight: 90
    resources:
    - {gvrShort: deploy, name: checkout}
    - {gvrShort: services, name: checkout, namespace: edge}
  - resources:
    - {apiVersion: serving.kserve.io/v1beta1, kind: InferenceService, name: model.v2}
    - {apiVersion: v1, kind: Pod, name: pod}
    weight: 0
  routingTemplates:
    route:
      gvrShort: svc
      template: "{{ index .Weights 0 }}"
    other: {template: x, engine: go}
    ours: {template: text, engine: jinja2, forceConflicts: true}
status: {}
"""


def test_the_native_form_is_a_routemap() -> None:
    assert routemap(NATIVE) == Routemap(
        namespace="shop",
        name="checkout",
        versions=(
            Version(
                "stable",
                (ResourceId("apps", "Deployment", "shop", "checkout"), ResourceId("", "Service", "edge", "checkout")),
                90,
            ),
            Version("v1", (model("model.v2", "shop"), ResourceId("", "Pod", "shop", "pod")), 0),
        ),
        routing_templates=(
            RoutingTemplate("route", "{{ index .Weights 0 }}", "go", ("", "Service")),
            RoutingTemplate("other", "x"),
            RoutingTemplate("ours", "text", "jinja2", force_conflicts=True),
        ),
        assignment=Assignment("autumn"),
        labels=(("team", "payments"),),
        annotations=(("iter8.tools/weight", "3"),),
        uid="6c3e2b0c-6f0e-4d0c-9a52-000000000001",
    )


def test_null_counts_as_absent() -> None:
    text = f"{HEADER}  namespace:\n  labels:\nspec:\n  versions:\n  - name:\n    weight:\n    resources:\n"
    text += "    - {gvrShort: svc, name: a, apiVersion: , namespace: null}\n  routingTemplates:\n  assignment:\n"

    assert routemap(text).versions == (Version("v0", (ResourceId("", "Service", "default", "a"),)),)


def spec_with_namespaces(*namespaces: str | None) -> str:
    stated = (f", namespace: {namespace}" if namespace else "" for namespace in namespaces)
    resources = "".join(f"    - {{gvrShort: svc, name: r{i}{each}}}\n" for i, each in enumerate(stated))
    return f"spec:\n  versions:\n  - resources:\n{resources}"


@pytest.mark.parametrize(
    ("own", "default", "of_resources", "namespace"),
    [
        ("own", "standard", ("other",), "own"),
        (None, "standard", ("other",), "standard"),
        (None, None, ("other",), "other"),
        (None, None, ("other", None, "other"), "other"),
        (None, None, ("one", "two"), "default"),
        (None, None, (None,), "default"),
    ],
)
def test_the_namespace_is_the_first_that_something_states(
    own: str | None, default: str | None, of_resources: tuple[str | None, ...], namespace: str
) -> None:
    metadata = f"  namespace: {own}\n" if own else ""

    found = routemap(HEADER + metadata + spec_with_namespaces(*of_resources), namespace=default)

    assert found.namespace == namespace
    stated = [each or namespace for each in of_resources]
    assert [resource.namespace for resource in found.versions[0].resources] == stated


def test_the_same_resource_may_be_in_two_versions() -> None:
    resource = "[{gvrShort: svc, name: a}]"
    found = routemap(f"{HEADER}spec:\n  versions:\n  - resources: {resource}\n  - resources: {resource}\n")

    assert found.versions[0].resources == found.versions[1].resources


MISTAKES = [
    ("spec: {versions: []}", "5:18: spec.versions must not be empty"),
    ("spec: {}", "5:7: spec.versions is missing"),
    ("spec: x", "5:7: spec must be a mapping, not text"),
    ("spec: {versions: {}}", "5:18: spec.versions must be a list, not a mapping (begin each item with `- `)"),
    ("spec: {versions: [1]}", "5:19: spec.versions[0] must be a mapping, not a whole number"),
    (
        "spec: {versions: [{resources: [{gvrShort: svc, name: a}], wieght: 1}]}",
        "5:59: spec.versions[0].wieght is an unknown key (did you mean `weight`? "
        "valid keys: name, progressDeadline, resources, weight)",
    ),
    (
        "spec: {versions: [{resources: [{gvrShort: svc, name: a}], zzz: 1}]}",
        "5:59: spec.versions[0].zzz is an unknown key (valid keys: name, progressDeadline, resources, weight)",
    ),
    (
        "spec: {versions: [{resources: [{gvrShort: svc, nmae: a, name: b}]}]}",
        "5:48: spec.versions[0].resources[0].nmae is an unknown key "
        "(did you mean `name`? valid keys: apiVersion, gvrShort, kind, name, namespace)",
    ),
    (
        "spec: {versions: [{resources: [{gvrShort: iscv, name: a}]}]}",
        "5:43: spec.versions[0].resources[0].gvrShort is no known kind: `iscv` "
        "(did you mean `isvc`? known: cm, deploy, isvc, service, svc; or write apiVersion and kind)",
    ),
    (
        "spec: {versions: [{resources: [{gvrShort: svc, kind: Service, name: a}]}]}",
        "5:48: spec.versions[0].resources[0].kind stands beside gvrShort "
        "(keep one: write gvrShort, or apiVersion and kind)",
    ),
    (
        "spec: {versions: [{resources: [{name: a}]}]}",
        "5:32: spec.versions[0].resources[0] does not say which kind it is (write gvrShort, or apiVersion and kind)",
    ),
    (
        "spec: {versions: [{resources: [{kind: Service, name: a}]}]}",
        "5:32: spec.versions[0].resources[0].apiVersion is missing (write gvrShort, or apiVersion and kind)",
    ),
    (
        "spec: {versions: [{resources: [{apiVersion: v1, name: a}]}]}",
        "5:32: spec.versions[0].resources[0].kind is missing (write gvrShort, or apiVersion and kind)",
    ),
    (
        "spec: {versions: [{resources: [{apiVersion: apps/v1, kind: deployment, name: a}]}]}",
        "5:60: spec.versions[0].resources[0].kind is no known kind: `deployment` (did you mean `Deployment`?)",
    ),
    (
        "spec: {versions: [{resources: [{apiVersion: apps, kind: Deployment, name: a}]}]}",
        "5:45: spec.versions[0].resources[0].apiVersion is no valid API version: `apps` "
        "(write group/version, such as apps/v1)",
    ),
    (
        "spec: {versions: [{resources: [{apiVersion: v1, kind: a b, name: a}]}]}",
        "5:55: spec.versions[0].resources[0].kind is no valid kind: `a b` "
        "(write it as manifests do, such as Deployment)",
    ),
    (
        "spec: {versions: [{resources: [{gvrShort: svc}]}]}",
        "5:32: spec.versions[0].resources[0].name is missing (add it beside gvrShort)",
    ),
    (
        "spec: {versions: [{resources: [{gvrShort: svc, name: My_Svc}]}]}",
        "5:54: spec.versions[0].resources[0].name is no valid name: `My_Svc` (did you mean `my-svc`? use up to 253 "
        "lower-case letters, digits, '-' and '.', with a letter or digit at both ends)",
    ),
    (
        "spec: {versions: [{resources: [{gvrShort: svc, name: a, namespace: a.b}]}]}",
        "5:68: spec.versions[0].resources[0].namespace is no valid namespace: `a.b` (did you mean `a-b`? use up to "
        "63 lower-case letters, digits, '-', with a letter or digit at both ends)",
    ),
    (
        "spec: {versions: [{resources: [{gvrShort: svc, name: a}, {gvrShort: service, name: a, namespace: default}]}]}",
        "5:58: spec.versions[0].resources[1] is the same object as versions[0].resources[0]: Service default/a "
        "(name each object once in a version)",
    ),
    (
        "spec: {versions: [{resources: [{gvrShort: svc, name: a}], weight: '10'}]}",
        "5:67: spec.versions[0].weight must be a whole number, not text (remove the quotes)",
    ),
    (
        "spec: {versions: [{resources: [{gvrShort: svc, name: a}], progressDeadline: soon}]}",
        "5:77: spec.versions[0].progressDeadline is no duration: `soon` (write a duration such as 15m, 1h30m or 30s)",
    ),
    (
        "spec: {versions: [{resources: [{gvrShort: svc, name: a}], progressDeadline: 600}]}",
        "5:77: spec.versions[0].progressDeadline must be text, not a whole number "
        "(write a duration such as 15m, 1h30m or 30s)",
    ),
    (
        "spec: {versions: [{resources: [{gvrShort: svc, name: a}], progressDeadline: 0s}]}",
        "5:77: spec.versions[0].progressDeadline must be at least 1s (write a duration such as 10m)",
    ),
    (
        "spec: {versions: [{resources: [{gvrShort: svc, name: a}], weight: true}]}",
        "5:67: spec.versions[0].weight must be a whole number, not true or false",
    ),
    (
        "spec: {versions: [{resources: [{gvrShort: svc, name: a}], weight: 1.5}]}",
        "5:67: spec.versions[0].weight must be a whole number, not a decimal number",
    ),
    (
        "spec: {versions: [{resources: [{gvrShort: svc, name: a}], weight: -1}]}",
        "5:67: spec.versions[0].weight must be at least 0, not -1",
    ),
    (
        "spec: {versions: [{resources: [{gvrShort: svc, name: a}], weight: 2147483648}]}",
        "5:67: spec.versions[0].weight must be at most 2147483647, not 2147483648",
    ),
    (
        "spec: {versions: [{resources: [{gvrShort: svc, name: a}], name: ''}]}",
        "5:65: spec.versions[0].name must not be empty",
    ),
    (
        "spec: {versions: [&v {name: a, resources: [{gvrShort: svc, name: a}]}, *v]}",
        "5:29: spec.versions[1].name has the name of versions[0]: `a` "
        "(names must differ; a version without a name is called v0, v1, .. by its place)",
    ),
    (
        "spec: {versions: [{name: v1, resources: [{gvrShort: svc, name: a}]}, {resources: [{gvrShort: cm, name: a}]}]}",
        "5:70: spec.versions[1] has the name of versions[0]: `v1` "
        "(names must differ; a version without a name is called v0, v1, .. by its place)",
    ),
]

GOOD = "  versions: [{resources: [{gvrShort: svc, name: a}]}]"
SECTION_MISTAKES = [
    (
        "metric: []",
        "7:3: spec.metric is an unknown key "
        "(did you mean `metrics`? valid keys: assignment, metrics, promotion, ramp, routingTemplates, versions)",
    ),
    ("metrics: {}", "7:12: spec.metrics must be a list, not a mapping (begin each item with `- `)"),
    (
        "metrics: [{name: a}, {name: a}]",
        "7:31: spec.metrics[1].name is declared already, in metrics[0]: `a` (declare each metric once)",
    ),
    (
        "metrics: [{name: a, type: share}]",
        "7:29: spec.metrics[0].type is `share` (write 'mean', 'conversion' or 'ratio')",
    ),
    (
        "metrics: [{name: a, type: ratio}]",
        "7:13: spec.metrics[0].denominator is missing: the type is ratio (name the metric that this one is divided by)",
    ),
    (
        "metrics: [{name: a, denominator: b}]",
        "7:23: spec.metrics[0].denominator is only for ratios (write type: ratio, or remove it)",
    ),
    (
        "metrics: [{name: a, type: ratio, denominator: a}]",
        "7:49: spec.metrics[0].denominator is the metric itself (name another metric)",
    ),
    (
        "metrics: [{name: a, guardrail: {maxHarm: 2}}]",
        "7:44: spec.metrics[0].guardrail.maxHarm must be text, not a whole number "
        "(write a percentage from 0% to 100%, such as 2% or 0.5%)",
    ),
    (
        "metrics: [{name: a, minimumEffect: -1%}]",
        "7:38: spec.metrics[0].minimumEffect is no percentage: `-1%` "
        "(write a percentage from 0% to 100%, such as 2% or 0.5%)",
    ),
    (
        "ramp: [{weight: 5}]",
        "7:9: spec.ramp has no candidate to raise: there is one version (declare a second version)",
    ),
    ("promotion: sometimes", "7:14: spec.promotion.mode is `sometimes` (write 'manual', 'pullRequest' or 'commit')"),
    (
        "promotion: {mode: commit}",
        "7:14: spec.promotion waits for a winner, but no metric is declared that one could win "
        "(declare metrics, or require approval or rampComplete)",
    ),
    (
        "promotion: {mode: commit, requires: [rampComplete]}",
        "7:39: spec.promotion.requires waits for the end of a ramp, "
        "but there is none (declare a ramp, or require something else)",
    ),
    (
        "promotion: {mode: commit, requires: [luck]}",
        "7:40: spec.promotion.requires[0] is `luck` (write 'winner', 'rampComplete' or 'approval')",
    ),
    (
        "assignment: {overrides: {alice: v1}}",
        "7:35: spec.assignment.overrides.alice is no version: `v1` (valid versions: v0)",
    ),
    ("assignment: {overrides: {'': v0}}", '7:28: spec.assignment.overrides[""] is empty: name a user'),
    (
        "assignment: {holdout: 5}",
        "7:25: spec.assignment.holdout must be text, not a whole number "
        "(write a percentage from 0% to 100%, such as 2% or 0.5%)",
    ),
    ("assignment: {rules: [{when: {}, version: v0}]}", "7:31: spec.assignment.rules[0].when must not be empty"),
    (
        "assignment: {rules: [{when: {group: [[a]]}, version: v0}]}",
        "7:40: spec.assignment.rules[0].when.group[0] must be text, "
        "a number, true or false, not a list (rules compare attributes with single values)",
    ),
    (
        "assignment: {rules: [{when: {group: a}, version: V0}]}",
        "7:52: spec.assignment.rules[0].version is no version: `V0` (did you mean `v0`? valid versions: v0)",
    ),
    ("assignment: {salt: 3}", "7:22: spec.assignment.salt must be text, not a whole number (quote it)"),
    ("assignment: autumn", "7:15: spec.assignment must be a mapping, not text"),
    (
        "assignment: {rule: []}",
        "7:16: spec.assignment.rule is an unknown key "
        "(did you mean `rules`? valid keys: holdout, overrides, rules, salt)",
    ),
    ("routingTemplates: []", "7:21: spec.routingTemplates must be a mapping, not a list"),
    ("routingTemplates: {r: {}}", "7:25: spec.routingTemplates.r.template is missing"),
    ("routingTemplates: {r: {template: ''}}", "7:36: spec.routingTemplates.r.template must not be empty"),
    (
        "routingTemplates: {r: {template: x, engine: ''}}",
        "7:47: spec.routingTemplates.r.engine must not be empty",
    ),
    (
        "routingTemplates: {r: {template: x, forceConflicts: 'yes'}}",
        "7:55: spec.routingTemplates.r.forceConflicts must be true or false, not text",
    ),
    (
        "routingTemplates: {'my route': {template: x, tmeplate: y}}",
        '7:48: spec.routingTemplates["my route"].tmeplate is an unknown key '
        "(did you mean `template`? valid keys: engine, forceConflicts, gvrShort, template)",
    ),
    (
        "routingTemplates: {r: {template: x, gvrShort: 7}}",
        "7:49: spec.routingTemplates.r.gvrShort must be text, not a whole number (quote it)",
    ),
    (
        "routingTemplates: {r: {template: x, gvrShort: sv}}",
        "7:49: spec.routingTemplates.r.gvrShort is no known kind: `sv` "
        "(did you mean `svc`? known: cm, deploy, isvc, service, svc; or write apiVersion and kind)",
    ),
    (
        "routingTemplates: {'': {template: x}}",
        '7:22: spec.routingTemplates[""] is empty: a template needs a name',
    ),
]


TWO = "  versions: [{resources: [{gvrShort: svc, name: a}]}, {resources: [{gvrShort: svc, name: b}]}]"
RAMP_MISTAKES = [
    (
        "ramp: [{weight: 5, hold: 5}]",
        "7:28: spec.ramp[0].hold must be text, not a whole number (write a duration such as 15m, 1h30m or 30s)",
    ),
    ("ramp: [{weight: '5'}]", "7:19: spec.ramp[0].weight must be a number, not text"),
    ("ramp: [{weight: 101}]", "7:19: spec.ramp[0].weight must be at most 100, not 101"),
    ("ramp: [{weight: -1}]", "7:19: spec.ramp[0].weight must be at least 0, not -1"),
    (
        "ramp: [{weight: 5.125}]",
        "7:19: spec.ramp[0].weight has more than two decimals: 5.125 (the finest share is 0.01 of 100 users)",
    ),
    (
        "ramp: [{weight: 5}, {weight: 5}]",
        "7:32: spec.ramp[1].weight must be more than 5, that of the step before, not 5",
    ),
    ("ramp: [{hold: 5m}]", "7:10: spec.ramp[0].weight is missing (add it beside hold)"),
]


@pytest.mark.parametrize(("section", "problem"), RAMP_MISTAKES)
def test_a_mistake_in_a_ramp_is_told_with_its_place(section: str, problem: str) -> None:
    assert told(decode(f"{HEADER}spec:\n{TWO}\n  {section}", namespace="default").problems) == [problem]


def test_the_sections_about_the_experiment_say_what_is_wanted() -> None:
    decoded = routemap(
        f"{HEADER}spec:\n{TWO}\n"
        + """\
  assignment:
    salt: s
    overrides: {zoe: v0, alice: v1}
    holdout: 2.5%
    rules:
    - when: {group: [staff, 7], beta: true}
      version: v1
    - {name: late, when: {plan: free}, version: v0}
  metrics:
  - name: revenue
  - {name: bought, type: conversion, minimumEffect: 0.5%}
  - {name: latency, goal: decrease, type: ratio, denominator: calls, guardrail: {maxHarm: 2%}}
  ramp: [{weight: 0.5, hold: 10m}, {weight: 50}]
  promotion: {mode: pullRequest, requires: [winner, rampComplete], minimumRun: 1h, approved: abc}
""",
        namespace="default",
    )

    assert decoded.assignment == Assignment(
        "s",
        Targeting(
            overrides=(("alice", 1), ("zoe", 0)),
            holdout=0.025,
            rules=(
                Rule("rule 1", (("beta", ("true",)), ("group", ("staff", "7"))), 1),
                Rule("late", (("plan", ("free",)),), 0),
            ),
        ),
    )
    assert decoded.metrics == (
        MetricDeclaration("revenue"),
        MetricDeclaration("bought", type="conversion", minimum_effect=0.005),
        MetricDeclaration("latency", goal="decrease", type="ratio", denominator="calls", max_harm=0.02),
    )
    assert decoded.ramp == (RampStep(0.5, 600.0), RampStep(50.0))
    assert decoded.promotion == PromotionPolicy("pullRequest", ("winner", "rampComplete"), 3600.0, "abc")


def test_a_promotion_may_be_its_mode_alone() -> None:
    decoded = routemap(f"{HEADER}spec:\n{GOOD}\n  metrics: [{{name: a}}]\n  promotion: commit\n", namespace="default")
    assert decoded.promotion == PromotionPolicy("commit")


@pytest.mark.parametrize(
    ("spec", "problem"), MISTAKES + [(f"spec:\n{GOOD}\n  {section}", told) for section, told in SECTION_MISTAKES]
)
def test_a_mistake_is_told_with_its_place_and_what_to_write_instead(spec: str, problem: str) -> None:
    found = decode(HEADER + spec, namespace="default")

    assert told(found.problems) == [problem]
    assert found.routemaps == ()
    assert [each.application for each in found.problems] == ["default/shop"]
    assert found.broken == {"default/shop"}


def test_too_many_versions_are_refused() -> None:
    versions = "".join(f"  - resources: [{{gvrShort: svc, name: a{i}}}]\n" for i in range(101))

    assert said(decode(f"{HEADER}spec:\n  versions:\n{versions}").problems) == [
        "7:3: spec.versions has more than 100 items"
    ]


def test_a_hundred_versions_are_accepted() -> None:
    versions = "".join(f"  - resources: [{{gvrShort: svc, name: a{i}}}]\n" for i in range(100))

    assert len(routemap(f"{HEADER}spec:\n  versions:\n{versions}").versions) == 100


METADATA_MISTAKES = [
    ("metadata: {name: shop, labels: {a: 1}}", "3:36: metadata.labels.a must be text, not a whole number (quote it)"),
    (
        "metadata: {name: shop, annotations: {a.b/c: yes}}",
        '3:45: metadata.annotations["a.b/c"] must be text, not true or false (quote it)',
    ),
    ("metadata: {name: shop, labels: [a]}", "3:32: metadata.labels must be a mapping, not a list"),
    (
        "metadata: {name: shop, lables: {}}",
        "3:24: metadata.lables is an unknown key (did you mean `labels`? "
        "valid keys: annotations, labels, name, namespace, uid)",
    ),
]


@pytest.mark.parametrize(("metadata", "problem"), METADATA_MISTAKES)
def test_a_mistake_in_the_metadata_is_told(metadata: str, problem: str) -> None:
    found = decode(f"apiVersion: iter8.tools/v1\nkind: Routemap\n{metadata}\nspec:\n{GOOD}", namespace="default")

    assert told(found.problems) == [problem]
    assert found.broken == {"default/shop"}
    assert not found.unreadable


@pytest.mark.parametrize(
    ("metadata", "problem"),
    [
        ("metadata: {nmae: shop}", "3:11: metadata.name is missing"),
        ("metadata: {name: 7}", "3:18: metadata.name must be text, not a whole number"),
        ("metadata: {name: Shop_1}", "3:18: metadata.name is no valid name: `Shop_1`"),
        ("metadata: {name: '-'}", "3:18: metadata.name is no valid name: `-`"),
        ("metadata: {name: " + "a" * 254 + "}", "3:18: metadata.name is no valid name: `" + "a" * 60 + "…`"),
        ("metadata: {name: shop, namespace: Bad}", "3:35: metadata.namespace is no valid namespace: `Bad`"),
        ("metadata: {name: shop, namespace: ''}", "3:35: metadata.namespace is no valid namespace: ``"),
        ("metadata: {name: shop, namespace: 7}", "3:35: metadata.namespace must be text, not a whole number"),
        ("metadata: [name]", "3:11: metadata must be a mapping, not a list"),
        ("metadata:", "3:10: metadata is missing"),
    ],
)
def test_when_the_name_cannot_be_read_nothing_that_the_file_held_is_given_up(metadata: str, problem: str) -> None:
    found = decode(f"apiVersion: iter8.tools/v1\nkind: Routemap\n{metadata}\nspec:\n{GOOD}")

    assert said(found.problems)[0] == problem
    assert found.broken == frozenset()
    assert found.unreadable


@pytest.mark.parametrize(
    "mistake",
    [
        "  namepsace: prod\nspec: {versions: [{resources: [{gvrShort: svc, name: a}]}]}",
        "",
        "spec: {vesrions: [{resources: [{gvrShort: svc, name: a, namespace: prod}]}]}",
        "spec: {versions: {resources: [{gvrShort: svc, name: a, namespace: prod}]}}",
        "spec: {versions: [{resuorces: [{gvrShort: svc, name: a, namespace: prod}]}]}",
        "spec: {versions: [{resources: {gvrShort: svc, name: a, namespace: prod}}]}",
        "spec: {versions: [{resources: [{gvrShort: svc, name: a, namepsace: prod}]}]}",
        "spec: {versions: [{resources: [{gvrShort: svc, name: a, namespace: [prod]}]}]}",
    ],
)
def test_a_namespace_that_may_be_hidden_by_the_mistake_is_not_guessed(mistake: str) -> None:
    found = decode(HEADER + mistake)

    assert [each.application for each in found.problems] == [None] * len(found.problems)
    assert found.broken == frozenset()
    assert found.unreadable


def test_a_mistake_elsewhere_leaves_no_doubt_about_the_namespace() -> None:
    found = decode(f"{HEADER}spec: {{versions: [{{resources: [{{gvrShort: svc, name: a}}], weight: x}}]}}")

    assert found.broken == {"default/shop"}
    assert not found.unreadable


def test_a_version_name_must_be_printable() -> None:
    found = decode(f'{HEADER}spec: {{versions: [{{name: "a\\e[2J", resources: [{{gvrShort: svc, name: a}}]}}]}}')

    assert said(found.problems) == ["5:26: spec.versions[0].name is no valid name: `a\N{REPLACEMENT CHARACTER}[2J`"]


def test_all_mistakes_of_a_document_are_told_at_once_by_position() -> None:
    text = seed("backend-routemap").replace("name: backend-0", "nmae: backend-0").replace("isvc\n", "iscv\n")
    text = text.replace("managed-by: iter8", "managed-by: 8")
    found = decode(text)

    assert said(found.problems) == [
        '6:35: metadata.labels["app.kubernetes.io/managed-by"] must be text, not a whole number',
        "14:9: strSpec.versions[0].resources[0].name is missing",
        "14:19: strSpec.versions[0].resources[0].gvrShort is no known kind: `iscv`",
        "15:9: strSpec.versions[0].resources[0].nmae is an unknown key",
        "18:19: strSpec.versions[1].resources[0].gvrShort is no known kind: `iscv`",
    ]
    assert found.broken == {"modelmesh-serving/backend"}


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("strSpec: |", "strspec: |", "11:3: data.strSpec is missing"),
        ("  strSpec: |\n", "  other: |\n", "11:3: data.other is an unknown key"),
        ("    - resources:\n      - gvrShort", "    - resources:\n     - gvrShort", "14:6: not valid YAML: this line"),
        ("    versions:\n", "    versions:\n    versions:\n", "13:5: duplicate key `versions`"),
        ("    versions:\n", "    ---\n    a: 1\n    ---\n    versions:\n", "11:12: data.strSpec holds more than one"),
        ("    versions:\n", "    vesrions:\n", "12:5: strSpec.versions is missing"),
    ],
)
def test_a_mistake_in_the_iter8_form_is_told_with_its_place_in_the_file(before: str, after: str, problem: str) -> None:
    assert before in seed("backend-routemap")

    found = decode(seed("backend-routemap").replace(before, after))

    assert said(found.problems)[0].startswith(problem)
    assert found.routemaps == ()
    assert found.broken == {"modelmesh-serving/backend"} or found.unreadable


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ("''", "11:12: data.strSpec is empty"),
        ('"# nothing"', "11:12: data.strSpec is empty"),
        ("hello", "11:12: strSpec must be a mapping, not text"),
        ("7", "11:12: data.strSpec must be text, not a whole number"),
        ("{versions: []}", "11:12: data.strSpec must be text, not a mapping"),
        ("", "11:11: data.strSpec is missing"),
    ],
)
def test_a_spec_that_is_no_mapping_in_text_is_told(spec: str, problem: str) -> None:
    found = decode(seed("backend-routemap").partition("strSpec:")[0] + f"strSpec: {spec}\n")

    assert said(found.problems) == [problem]


NEARLY = [
    ("apiVersion: iter8.tools/v1\nkind: RouteMap", "2:7: kind is `RouteMap`, which is no kind of iter8.tools/v1"),
    ("apiVersion: iter8.tools/v1\nkind: Experiment", "2:7: kind is `Experiment`, which is no kind of iter8.tools/v1"),
    ("apiVersion: iter8.tools/v1", "1:1: kind is missing"),
    (
        "apiVersion: iter8.tools/v1beta1\nkind: Routemap",
        "1:13: apiVersion is `iter8.tools/v1beta1`, which is not supported",
    ),
    ("apiVersion: iter8.tool/v1\nkind: Routemap", "1:13: apiVersion is `iter8.tool/v1`, which is not supported"),
    ("apiVersion: iter8.tools/v2\nkind: routemap", "1:13: apiVersion is `iter8.tools/v2`, which is not supported"),
    ("kind: Routemap", "1:1: apiVersion is missing"),
    (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {labels: {iter8.tools/kind: Routemap}}",
        '3:39: metadata.labels["iter8.tools/kind"] is `Routemap`, which is not supported',
    ),
    (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {labels: {iter8.tools/kind: }}",
        '3:39: metadata.labels["iter8.tools/kind"] is missing',
    ),
    (
        "apiVersion: v1\nkind: Secret\nmetadata: {labels: {iter8.tools/kind: routemap}}",
        '3:39: metadata.labels["iter8.tools/kind"] marks a routemap, but this is no ConfigMap',
    ),
]


@pytest.mark.parametrize(("text", "problem"), NEARLY)
def test_a_document_that_is_nearly_a_routemap_is_told_so(text: str, problem: str) -> None:
    found = decode(text)

    assert said(found.problems) == [problem]
    assert found.problems[0].hint
    assert found.unreadable


def test_a_wrong_label_still_tells_whose_routemap_it_was() -> None:
    found = decode(seed("backend-routemap").replace("kind: routemap", "kind: routemaps"))

    assert found.broken == {"modelmesh-serving/backend"}
    assert not found.unreadable
    assert "write iter8.tools/kind: routemap" in found.problems[0].hint


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: iter8.tools/v2alpha2\nkind: Experiment\nmetadata: {name: x}",
        "apiVersion: other.example/v1\nkind: Routemap\nmetadata: {name: x}",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {strSpec: 'versions: ['}",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: x, labels: {iter8.tools/kind: other}}",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, labels: [iter8.tools/kind]}",
        "apiVersion: [iter8.tools/v1]\nkind: {}\n",
        "just text",
        "- a\n- list",
    ],
)
def test_a_foreign_document_is_ignored_quietly(text: str) -> None:
    found = decode(text)

    assert found.routemaps == ()
    assert found.problems == ()
    assert not found.unreadable
