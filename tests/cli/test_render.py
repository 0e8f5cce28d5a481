"""`render`: routes for given availability and weights."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from iter8_gitops.cli import main

ROUTEMAP = """\
apiVersion: iter8.tools/v1
kind: Routemap
metadata: {name: web, namespace: shop}
spec:
  versions:
    - {weight: 90, resources: [{gvrShort: cm, name: a}]}
    - {weight: 10, resources: [{gvrShort: cm, name: b}]}
  routingTemplates:
    split:
      template: |
        apiVersion: v1
        kind: Service
        metadata: {name: {{ .Name }}}
        spec: {weights: [{{ index .Weights 0 }}, {{ index .Weights 1 }}]}
"""


def render(*arguments: str | Path, stdin: str = ROUTEMAP) -> Result:
    return CliRunner().invoke(main, ["render", *map(str, arguments)], input=stdin)


def weights(*arguments: str) -> list[int]:
    result = render("-", *arguments)
    assert result.exit_code == 0, result.stderr
    found: list[int] = yaml.safe_load(result.stdout)["spec"]["weights"]
    return found


def test_all_versions_are_taken_to_answer() -> None:
    assert weights() == [90, 10]


def test_availability_and_weights_may_be_given() -> None:
    assert weights("--available", "0") == [90, 0]
    assert weights("--available", "1") == [0, 10]
    assert weights("--available", "") == [1, 0]
    assert weights("--weights", "1,3") == [1, 3]
    assert weights("--weights", "50, 50", "--available", "1") == [0, 50]


def test_the_output_can_be_applied_and_says_what_it_is_of() -> None:
    text = render("-").stdout
    assert text.startswith("---\n# shop/web, template split, weights 90:10\napiVersion: v1\nkind: Service\n")
    assert yaml.safe_load(text)["metadata"] == {"name": "web", "namespace": "shop"}


def test_json_is_for_scripts() -> None:
    (found,) = json.loads(render("-", "-o", "json").stdout)
    assert (found["application"], found["weights"]) == ("shop/web", [90, 10])
    assert [(route["kind"], route["namespace"], route["name"]) for route in found["routes"]] == [
        ("Service", "shop", "web")
    ]


def test_one_of_several_routemaps_may_be_chosen(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(f"{ROUTEMAP}---\n{ROUTEMAP.replace('name: web', 'name: other')}")
    assert "shop/other" in render(tmp_path).stdout
    assert "shop/other" not in render(tmp_path, "--routemap", "shop/web").stdout


def test_a_routemap_without_templates_says_so() -> None:
    result = render("-", stdin=ROUTEMAP.split("  routingTemplates")[0])
    assert (result.exit_code, result.stdout) == (0, "# shop/web renders no route; weights 90:10\n")


@pytest.mark.parametrize(
    ("arguments", "stdin", "code", "said"),
    [
        (["-"], ROUTEMAP.replace("index .Weights 0", "index .Weights 7"), 1, "-: routing template 'split': "),
        (["-"], ROUTEMAP.replace("weight: 90", "wieght: 90"), 1, "-:6:8: spec.versions[0].wieght is an unknown key"),
        (["-"], "a: b\n", 1, "there is no routemap in -"),
        (["-", "--routemap", "shop/wep"], ROUTEMAP, 1, "did you mean `shop/web`?"),
        (["-", "--available", "2"], ROUTEMAP, 2, "--available 2: shop/web has the versions 0 to 1"),
        (["-", "--weights", "1"], ROUTEMAP, 2, "--weights gives 1 weights, and shop/web has 2 versions"),
        (["-", "--weights", "1,x"], ROUTEMAP, 2, "'1,x' is no list of whole numbers such as 90,10"),
        (["nowhere"], "", 2, "nowhere: no such file or directory"),
    ],
)
def test_a_mistake_is_answered_with_what_to_do(arguments: list[str], stdin: str, code: int, said: str) -> None:
    result = render(*arguments, stdin=stdin)
    assert (result.exit_code, said in result.stderr) == (code, True), result.stderr


def test_files_of_others_in_a_folder_are_passed_over_and_named_ones_are_not(tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text(ROUTEMAP)
    chart = tmp_path / "chart.yaml"
    chart.write_text("{{ if }}\n")
    result = render(tmp_path)
    assert (result.exit_code, result.stderr) == (0, "")
    assert render(tmp_path, chart).exit_code == 1
