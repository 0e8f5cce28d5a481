"""`iter8-gitops validate -o sarif`, as code scanning reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft7Validator

from iter8_gitops import __version__
from iter8_gitops.cli import main
from iter8_gitops.cli.validate.sarif_rules import RULES, rule_of
from iter8_gitops.spec.problem import Code
from tests.cli.test_validate import DEPLOYMENT, GOOD, write

TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
COUNT = {"type": "integer", "minimum": 1}
RULE = {
    "type": "object",
    "required": ["id", "shortDescription", "fullDescription", "help"],
    "properties": {
        "id": {"type": "string", "pattern": "^iter8/[a-z-]+$"},
        "shortDescription": TEXT,
        "fullDescription": TEXT,
        "help": TEXT,
        "defaultConfiguration": {"properties": {"level": {"enum": ["none", "note", "warning", "error"]}}},
    },
}
PLACE = {
    "type": "object",
    "required": ["artifactLocation", "region"],
    "properties": {
        "artifactLocation": {
            "required": ["uri"],
            "properties": {"uri": {"type": "string", "pattern": "^[A-Za-z0-9._~%/:-]+$"}},
        },
        "region": {
            "required": ["startLine", "startColumn", "endLine", "endColumn"],
            "additionalProperties": COUNT,
        },
    },
}
RESULT = {
    "type": "object",
    "required": ["ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints"],
    "properties": {
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": {"enum": ["none", "note", "warning", "error"]},
        "message": TEXT,
        "locations": {
            "type": "array",
            "minItems": 1,
            "maxItems": 1,
            "items": {"required": ["physicalLocation"], "properties": {"physicalLocation": PLACE}},
        },
        "partialFingerprints": {"additionalProperties": {"type": "string"}, "minProperties": 1},
    },
}
ESSENTIALS = {
    "type": "object",
    "required": ["$schema", "version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "minItems": 1,
            "items": {
                "required": ["tool", "results"],
                "properties": {
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "tool": {
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "required": ["name", "rules"],
                                "properties": {"rules": {"type": "array", "items": RULE}},
                            }
                        },
                    },
                    "results": {"type": "array", "items": RESULT},
                },
            },
        },
    },
}
"""What SARIF 2.1.0 and code scanning require of the properties that are used here."""


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the command runs."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def sarif(*arguments: str) -> dict[str, Any]:
    """The only run in what is printed."""
    result = CliRunner().invoke(main, ["validate", "-o", "sarif", *arguments])
    log = json.loads(result.stdout)
    assert [error.message for error in Draft7Validator(ESSENTIALS).iter_errors(log)] == []
    (run,) = log["runs"]
    assert result.exit_code == (1 if run["results"] else 0)
    for found in run["results"]:
        assert run["tool"]["driver"]["rules"][found["ruleIndex"]]["id"] == found["ruleId"]
    return dict(run)


def places(run: dict[str, Any]) -> list[tuple[str, str, int, int]]:
    """Rule, file, line and column of every result."""
    physical = [(found["ruleId"], found["locations"][0]["physicalLocation"]) for found in run["results"]]
    return [
        (rule, place["artifactLocation"]["uri"], place["region"]["startLine"], place["region"]["startColumn"])
        for rule, place in physical
    ]


def fingerprints(run: dict[str, Any]) -> list[str]:
    return [found["partialFingerprints"]["problemHash/v1"] for found in run["results"]]


def test_the_tool_and_all_its_rules_are_described_even_when_nothing_is_wrong(repository: Path) -> None:
    write(repository / "web.yaml", GOOD)
    run = sarif(".")
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("iter8-gitops", __version__)
    assert len({rule["id"] for rule in driver["rules"]}) == len(driver["rules"]) == len(RULES)
    assert run["results"] == []


def test_every_kind_of_mistake_has_a_rule_of_its_own() -> None:
    ids = [rule_of(code).id for code in Code]
    assert ids == [f"iter8/{code.value}" for code in Code]
    assert [rule_of(code).id for code in ("", "of-a-later-release")] == ["iter8/problem"] * 2


def test_each_problem_is_a_result_of_its_rule_at_its_place(repository: Path) -> None:
    (repository / "maps").mkdir()
    write(repository / "maps" / "a.yaml", GOOD.replace("name: web}]", "name: Web}]\n      wieght: 1"))
    write(repository / "maps" / "b.yaml", GOOD.replace("gvrShort: deploy, name: web", "gvrShort: dploy"))
    write(repository / "maps" / "c.yaml", GOOD.replace("web}]", "web}"))
    write(repository / "maps" / "d.yaml", GOOD)
    write(repository / "maps" / "e.yaml", GOOD + "  routingTemplates: {r: {template: '{{ .X }}'}}\n")
    (repository / "maps" / "f.yaml").symlink_to("/etc/hostname")
    assert places(sarif("maps")) == [
        ("iter8/invalid-value", "maps/a.yaml", 6, 44),
        ("iter8/unknown-key", "maps/a.yaml", 7, 7),
        ("iter8/missing-key", "maps/b.yaml", 6, 19),
        ("iter8/unknown-kind", "maps/b.yaml", 6, 30),
        ("iter8/syntax", "maps/c.yaml", 7, 1),
        ("iter8/duplicate", "maps/e.yaml", 1, 1),
        ("iter8/routing-template", "maps/e.yaml", 7, 36),
        ("iter8/refused-file", "maps/f.yaml", 1, 1),
    ]


def test_a_resource_that_is_missing_has_its_rule(repository: Path) -> None:
    write(repository / "web.yaml", GOOD)
    write(repository / "app.yaml", DEPLOYMENT.replace("name: web", "name: other"))
    assert places(sarif(".", "--resources")) == [("iter8/resource", "web.yaml", 6, 19)]


def test_the_message_says_what_to_do(repository: Path) -> None:
    write(repository / "web.yaml", GOOD.replace("versions", "verions"))
    told = [found["message"]["text"] for found in sarif(".")["results"]]
    assert told[0].startswith("spec.verions is an unknown key (did you mean `versions`?")


def test_paths_are_relative_to_where_the_command_runs_and_escaped(repository: Path) -> None:
    (repository / "my maps").mkdir()
    write(repository / "my maps" / "ä.yaml", GOOD.replace("versions", "verions"))
    for path in ("my maps", str(repository / "my maps"), "./my maps/ä.yaml"):
        assert {uri for _, uri, _, _ in places(sarif(path))} == {"my%20maps/%C3%A4.yaml"}


def test_a_file_elsewhere_has_an_absolute_uri(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    write(elsewhere / "web.yaml", GOOD.replace("versions", "verions"))
    assert {uri for _, uri, _, _ in places(sarif(str(elsewhere)))} == {f"file://{elsewhere}/web.yaml"}


def test_columns_count_units_of_utf_16(repository: Path) -> None:
    write(repository / "web.yaml", GOOD.replace("name: web}", 'namespace: "\U0001f600", nmae: web}'))
    run = sarif(".")
    found = [place for place in places(run) if place[0] == "iter8/unknown-key"]
    before = '    - resources: [{gvrShort: deploy, namespace: "\U0001f600", '
    assert run["columnKind"] == "utf16CodeUnits"
    assert found == [("iter8/unknown-key", "web.yaml", 6, len(before) + 1 + 1)]


def test_a_region_ends_with_its_line(repository: Path) -> None:
    write(repository / "web.yaml", GOOD.replace("name: web}]", "nmae: web}]   "))
    region = sarif(".")["results"][-1]["locations"][0]["physicalLocation"]["region"]
    line = GOOD.splitlines()[5]
    assert region == {"startLine": 6, "startColumn": 38, "endLine": 6, "endColumn": len(line) + 1}


def test_fingerprints_stay_when_lines_move_and_differ_between_problems(repository: Path) -> None:
    bad = GOOD + "      wieght: 1\n    - {weight: -1, resources: [{gvrShort: svc, name: A}]}\n"
    bad += "    - {weight: -1, resources: [{gvrShort: svc, name: B}]}\n    - {resources: [x]}\n    - {resources: [x]}\n"
    write(repository / "web.yaml", bad)
    write(repository / "zoo.yaml", bad)
    before = fingerprints(sarif("."))
    assert len(set(before)) == len(before) > 10
    write(repository / "web.yaml", f"# A comment.\n\n{bad}")
    assert fingerprints(sarif(".")) == before


def test_fingerprints_do_not_depend_on_lines_that_a_message_names(repository: Path) -> None:
    twice = GOOD + "      weight: 1\n      weight: 2\n"
    write(repository / "web.yaml", twice)
    before = sarif(".")
    write(repository / "web.yaml", f"# A comment.\n{twice}")
    after = sarif(".")
    assert before["results"][0]["message"] != after["results"][0]["message"]
    assert fingerprints(before) == fingerprints(after)


def test_a_file_that_is_not_utf_8_has_a_place_too(repository: Path) -> None:
    (repository / "web.yaml").write_bytes(b"# iter8.tools/\n\xff")
    assert places(sarif(".")) == [("iter8/syntax", "web.yaml", 2, 1)]
