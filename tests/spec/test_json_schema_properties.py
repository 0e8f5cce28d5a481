"""What the decoder accepts the schema accepts, and the other way round, as far as a schema can know.

What it cannot know is listed in `beyond`; `test_json_schema` has an example of each.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from iter8_gitops.spec.forms import KIND_LABEL, KIND_LABEL_VALUE
from iter8_gitops.spec.json_schema.forms import config_map_schema, native_schema, spec_schema
from iter8_gitops.spec.problem import Code, Problem
from tests.spec.builders import decode

NATIVE, CONFIG_MAP, SPEC = (Draft7Validator(each()) for each in (native_schema, config_map_schema, spec_schema))

NAMES = st.from_regex(r"[a-z]([-a-z0-9]{0,5}[a-z0-9])?", fullmatch=True)
DURATIONS = st.sampled_from(["10m", "1h30m", "1.5s", "+45s", "1h0.m", ".5h", "1000µs100s"])
TEXTS = st.sampled_from(["", "a", "two words", "ü", "2026-11"])
LABELS = st.dictionaries(NAMES, TEXTS, max_size=2)
KINDS: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"gvrShort": "svc"},
        {"gvrShort": "deploy", "kind": None},
        {"apiVersion": "v1", "kind": "Service"},
        {"apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService", "gvrShort": None},
    ]
)
NEAR_MISSES: list[Any] = [
    *(True, 0, 1, -1, 2**31 - 1, 2**31, 1.5),
    *("", "a", "A", "a-", "-", "a.b", "a..b", "x" * 63, "x" * 64, "x" * 253, "x" * 254, "web\n", "a\x07"),
    *("v1", "v1Beta", "apps/v1", "/v1", "Deployment", "svc", "10m", "0", "+0", "5", "-1s", "1h30", "1,5s", "1µs1h"),
    *([], {}, ["a"], [{}], {"a": "b"}, {"name": "a"}, {"a": 1}, {"template": "x"}),
]
TYPOS = ["Name", "wieght", "gvrshort", "extra"]
"""Keys that nothing has."""


Shape = st.SearchStrategy[dict[str, Any]]


def shape(required: dict[str, st.SearchStrategy[Any]], **optional: st.SearchStrategy[Any]) -> Shape:
    """Mappings with the `required` keys and some of the `optional` ones, which may be null."""
    return st.fixed_dictionaries(required, optional={key: st.none() | value for key, value in optional.items()})


@st.composite
def resources(draw: st.DrawFn) -> dict[str, Any]:
    return {**draw(KINDS), **draw(shape({"name": NAMES}, namespace=NAMES))}


VERSIONS = shape(
    {"resources": st.lists(resources(), min_size=1, max_size=2)},
    name=NAMES,
    weight=st.integers(0, 2**31 - 1),
    progressDeadline=DURATIONS,
)
TEMPLATES = shape(
    {"template": st.just("text")},
    gvrShort=st.just("svc"),
    engine=st.sampled_from(["go", "x" * 63]),
    forceConflicts=st.booleans(),
)
SCALARS: st.SearchStrategy[Any] = st.one_of(st.text(max_size=3), st.booleans(), st.integers(), st.floats(-9, 9))
PERCENTAGES = st.sampled_from(["0%", "2%", "0.5%", "99.999999%", "100%", "100.0%"])
RULES = shape(
    {"when": st.dictionaries(NAMES, SCALARS | st.lists(SCALARS, min_size=1, max_size=2), min_size=1, max_size=2)}
    | {"version": st.just("v0")},
    name=NAMES,
)
METRICS = shape(
    {"name": NAMES},
    goal=st.sampled_from(["increase", "decrease"]),
    type=st.sampled_from(["mean", "conversion"]),
    guardrail=shape({"maxHarm": PERCENTAGES}),
    minimumEffect=PERCENTAGES,
)
PROMOTIONS = st.sampled_from(["manual", "pullRequest", "commit"]) | shape(
    {},
    mode=st.sampled_from(["manual", "pullRequest", "commit"]),
    requires=st.lists(st.sampled_from(["winner", "rampComplete", "approval"]), max_size=3),
    minimumRun=DURATIONS,
    approved=st.just("ffb7"),
)
SPECS = shape(
    {"versions": st.lists(VERSIONS, min_size=1, max_size=2)},
    routingTemplates=st.dictionaries(NAMES, TEMPLATES, max_size=2),
    assignment=shape(
        {},
        salt=TEXTS,
        holdout=PERCENTAGES,
        overrides=st.dictionaries(NAMES, st.just("v0"), max_size=2),
        rules=st.lists(RULES, max_size=2),
    ),
    metrics=st.lists(METRICS, max_size=1),
    ramp=st.lists(shape({"weight": st.sampled_from([0, 5, 0.5, 100])}, hold=DURATIONS), max_size=1),
    promotion=PROMOTIONS,
)
METADATA = shape({"name": NAMES}, namespace=NAMES, labels=LABELS, annotations=LABELS, uid=TEXTS, generation=st.just(3))
ROUTEMAPS = shape(
    {"apiVersion": st.just("iter8.tools/v1"), "kind": st.just("Routemap"), "metadata": METADATA, "spec": SPECS},
    status=st.just({"a": 1}),
)
STR_SPEC = "versions: [{resources: [{gvrShort: svc, name: web}]}]"
CONFIG_MAPS = shape(
    {
        "apiVersion": st.just("v1"),
        "kind": st.just("ConfigMap"),
        "metadata": METADATA.map(lambda data: {**data, "labels": {KIND_LABEL: KIND_LABEL_VALUE}}),
        "data": st.just({"strSpec": STR_SPEC}),
    },
    immutable=st.booleans(),
    binaryData=st.just({"a": "b"}),
)


def containers(value: Any) -> Iterator[dict[str, Any] | list[Any]]:
    """Every mapping and list in `value` that is not empty."""
    if isinstance(value, dict | list) and value:
        yield value
        for each in value.values() if isinstance(value, dict) else value:
            yield from containers(each)


@st.composite
def damaged(draw: st.DrawFn, documents: st.SearchStrategy[Any]) -> Any:
    """A valid document with up to three changes."""
    document = copy.deepcopy(draw(documents))
    for _ in range(draw(st.integers(0, 3))):
        places = list(containers(document))
        if places:
            damage(draw, draw(st.sampled_from(places)))
    return document


def damage(draw: st.DrawFn, place: dict[str, Any] | list[Any]) -> None:
    """Change one mapping or list a little."""
    near_misses = st.sampled_from(NEAR_MISSES).map(copy.deepcopy)
    if isinstance(place, list):
        index = draw(st.integers(0, len(place) - 1))
        match draw(st.sampled_from(["replace", "remove", "empty"])):
            case "replace":
                place[index] = draw(near_misses)
            case "remove":
                del place[index]
            case _:
                place[index] = None
        return
    key = draw(st.sampled_from(sorted(place)))
    match draw(st.sampled_from(["replace", "remove", "empty", "rename", "add"])):
        case "replace":
            place[key] = draw(near_misses)
        case "remove":
            del place[key]
        case "empty" if key not in TYPOS:
            place[key] = None
        case "rename" if place[key] is not None:
            place[draw(st.sampled_from(TYPOS))] = place.pop(key)
        case _:
            place[draw(st.sampled_from(TYPOS))] = draw(near_misses)


BETWEEN_SECTIONS = (
    "is no version: `v0`",
    "there is one version",
    "no metric is declared that one could win",
    "waits for the end of a ramp, but there is none",
)


def beyond(problem: Problem) -> bool:
    """Whether a problem is one that no schema can know of."""
    return (
        # Which kinds there are, and names that must differ.
        problem.code in (Code.UNKNOWN_KIND, Code.DUPLICATE)
        # How long a duration is.
        or problem.message.endswith("must be at least 1s")
        # What one section says of another.
        or problem.message.endswith(BETWEEN_SECTIONS)
        # What the text of a spec holds, and whether it is YAML at all; the document around it always is.
        or problem.code is Code.SYNTAX
        or problem.message.startswith(("strSpec ", "strSpec.", "data.strSpec is empty"))
    )


def accepts(document: Any) -> bool:
    """Whether the decoder accepts a document, except for what is `beyond` a schema."""
    found = decode(json.dumps(document), path="a.json")
    if not found.routemaps and not found.problems:
        return False  # It is something else.
    return all(beyond(problem) for problem in found.problems)


@settings(deadline=None, max_examples=400)
@given(damaged(ROUTEMAPS))
def test_schema_and_decoder_agree_on_the_native_form(document: Any) -> None:
    accepted = accepts(document)
    event(f"accepted: {accepted}")
    assert NATIVE.is_valid(document) == accepted, [error.message for error in NATIVE.iter_errors(document)]


@settings(deadline=None, max_examples=200)
@given(damaged(CONFIG_MAPS))
def test_schema_and_decoder_agree_on_config_maps(document: Any) -> None:
    accepted = accepts(document)
    event(f"accepted: {accepted}")
    assert CONFIG_MAP.is_valid(document) == accepted, [error.message for error in CONFIG_MAP.iter_errors(document)]


@settings(deadline=None, max_examples=200)
@given(damaged(SPECS))
def test_schema_and_decoder_agree_on_the_text_of_a_spec(spec: Any) -> None:
    labels = {KIND_LABEL: KIND_LABEL_VALUE}
    found = decode(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "web", "labels": labels},
                "data": {"strSpec": json.dumps(spec)},
            }
        ),
        path="a.json",
    )
    known = [
        problem
        for problem in found.problems
        if problem.code not in (Code.UNKNOWN_KIND, Code.DUPLICATE)
        and not problem.message.endswith(("must be at least 1s", *BETWEEN_SECTIONS))
    ]
    assert SPEC.is_valid(spec) == (not known), known
