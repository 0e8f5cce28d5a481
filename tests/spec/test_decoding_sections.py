"""The sections about the experiment: assignment, metrics, ramp and promotion."""

from __future__ import annotations

import pytest

from iter8_gitops.spec.routemap import (
    Assignment,
    MetricDeclaration,
    PromotionPolicy,
    RampStep,
    Rule,
    Targeting,
)
from tests.spec.builders import GOOD, HEADER, decode, routemap, told

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


@pytest.mark.parametrize(("section", "problem"), SECTION_MISTAKES)
def test_a_mistake_in_a_section_is_told_with_its_place_and_what_to_write_instead(section: str, problem: str) -> None:
    found = decode(f"{HEADER}spec:\n{GOOD}\n  {section}", namespace="default")

    assert told(found.problems) == [problem]
    assert found.routemaps == ()
    assert [each.application for each in found.problems] == ["default/shop"]
    assert found.broken == {"default/shop"}


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
