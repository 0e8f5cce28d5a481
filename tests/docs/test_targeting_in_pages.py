"""What pages show of targeting (routemaps.md, api.md, assignment.md), held against the example that they name."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from iter8_gitops.core.attributes import MAX_ATTRIBUTE_NAME, MAX_ATTRIBUTE_TEXT, MAX_ATTRIBUTES
from iter8_gitops.core.cohorts import Cohort, Recommendation
from iter8_gitops.core.desired import Declared
from iter8_gitops.core.targeting import Reason
from iter8_gitops.hooks.manager import Plugins
from iter8_gitops.runtime.preview import preview
from iter8_gitops.serving.batches import MAX_DECISIONS
from iter8_gitops.spec.experiment import MAX_OVERRIDES, MAX_RULES, AssignmentSpec, RuleSpec
from iter8_gitops.spec.files import decode_file
from iter8_gitops.spec.kinds import KindTable
from iter8_gitops.spec.routemap import Origin
from iter8_gitops.spec.tree import SourceFile

TOP = Path(__file__).parents[2]
ROUTEMAPS, API, ASSIGNMENT = (
    (TOP / "docs" / f"{page}.md").read_text(encoding="utf-8") for page in ("routemaps", "api", "assignment")
)
SECTION = ROUTEMAPS.partition("## Who gets what, not at random")[2].partition("\n## ")[0]
EXAMPLE = TOP / "examples" / "routemaps" / "ranking.yaml"
PLUGINS = Plugins.load()
KINDS = KindTable(PLUGINS.kinds())


def answer(user: str, **attributes: str) -> Recommendation:
    """What the example gives `user` while two of its versions answer, as the pages say."""
    contents = decode_file(SourceFile(EXAMPLE.name, "1", EXAMPLE.read_bytes()), KINDS)
    assert not contents.problems
    declared = Declared(contents.routemaps[0].routemap, Origin("git", EXAMPLE.name, "1"), 1)
    state = preview(declared, PLUGINS, KINDS, available=(0, 1)).state
    return Cohort.of(state, stale=False).outcome_of(user, attributes).recommendation


def test_the_section_shows_the_targeting_of_the_example_that_it_names() -> None:
    (shown,) = re.findall(r"```yaml\n(.*?)```", SECTION, re.DOTALL)

    written = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))["spec"]["assignment"]

    assert f"../{EXAMPLE.relative_to(TOP)}" in SECTION
    assert {"salt": written["salt"], **yaml.safe_load(shown)["spec"]["assignment"]} == written


def test_the_example_gives_what_the_pages_say() -> None:
    found = answer("frank", group="staff")

    said = f"frank gets version {found.version_number} ({found.version_name}) by the rule {found.rule}, "
    assert said in SECTION
    assert f'"versionNumber":{found.version_number},"versionName":"{found.version_name}"' in API
    assert answer("frank").reason is Reason.RANDOM
    assert answer("alice").reason is Reason.RANDOM  # her version is not ready yet


@pytest.mark.parametrize("key", [*AssignmentSpec.model_fields, *RuleSpec.model_fields])
def test_every_key_is_described(key: str) -> None:
    assert re.search(rf"^\| `(spec\.assignment)?\.{key}` \|", ROUTEMAPS, re.MULTILINE)


@pytest.mark.parametrize("reason", [reason.value for reason in Reason])
def test_every_reason_is_described(reason: str) -> None:
    assert f"`{reason}`" in API
    assert re.search(rf"^\| \d \| `{reason}` \|", ASSIGNMENT, re.MULTILINE)


def test_the_limits_are_those_in_force() -> None:
    assert f"At most {MAX_ATTRIBUTES} attributes, with names of 1 to {MAX_ATTRIBUTE_NAME}" in API
    assert f"texts of at most {MAX_ATTRIBUTE_TEXT} characters" in API
    assert f"at most\n{MAX_DECISIONS:,}, as a list" in API
    assert f"at most {MAX_OVERRIDES:,}" in ROUTEMAPS
    assert f"at most {MAX_RULES}; see" in ROUTEMAPS


def test_the_page_on_assignment_describes_every_list_of_golden_vectors() -> None:
    vectors = json.loads((TOP / "tests" / "core" / "assignment_vectors.json").read_text(encoding="utf-8"))
    lists = vectors.keys() - {"algorithm", "targetings"}

    assert set(re.findall(r"^\| `(\w+)` \| `", ASSIGNMENT, re.MULTILINE)) == lists
    assert f"{sum(len(vectors[name]) for name in lists)} vectors, 0 differ" in ASSIGNMENT
