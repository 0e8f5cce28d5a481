"""`iter8-gitops validate`, as a person or a pre-commit hook runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from iter8_gitops.cli import main
from iter8_gitops.spec.resource import WATCH_LABEL

GOOD = """\
apiVersion: iter8.tools/v1
kind: Routemap
metadata: {name: web, namespace: shop}
spec:
  versions:
    - resources: [{gvrShort: deploy, name: web}]
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
  labels: {iter8.tools/watch: "true"}
"""
CONFIG_MAP = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: web, labels: {iter8.tools/kind: routemap}}
data:
  strSpec: |
    versions: [{resources: [{gvrShort: svc, name: web}]}]
    routingTemplates:
      r:
        template: |
          {{ .X }}
"""
HELM = "{{- if .Values.on }}\nkind: Deployment\n{{- end }}\n"
EXAMPLES = Path(__file__).parents[2] / "examples"


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def validate(*arguments: str | Path, given: str = "") -> tuple[int, list[str], str]:
    result = CliRunner().invoke(main, ["validate", *map(str, arguments)], input=given)
    return result.exit_code, result.stdout.splitlines(), result.stderr


def problems_of(folder: Path, *arguments: str) -> list[str]:
    """The lines about the files in `folder`, without its name."""
    return [line.removeprefix(f"{folder}/") for line in validate(folder, *arguments)[1]]


def templates(**texts: str) -> str:
    """Routing templates to put below `GOOD`, each in a literal block of one line or more."""
    blocks = ("".join(f"        {line}\n" for line in text.splitlines()) for text in texts.values())
    return "  routingTemplates:\n" + "".join(
        f"    {name}:\n      template: |\n{block}" for name, block in zip(texts, blocks, strict=True)
    )


def test_good_routemaps_pass_quietly(tmp_path: Path) -> None:
    write(tmp_path / "web.yaml", GOOD)
    assert validate(tmp_path) == (0, [], "1 routemap checked, 0 problems\n")


def test_the_shipped_examples_pass() -> None:
    code, problems, _ = validate(EXAMPLES)
    assert (code, problems) == (0, [])


def test_every_problem_of_every_file_is_told_with_file_line_and_column(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        GOOD.replace("gvrShort", "gvrshort").replace("versions", "verions"), encoding="utf-8"
    )
    (tmp_path / "b.yaml").write_text(
        GOOD.replace("name: web}]", "name: Web}, {gvrShort: dploy, name: x}]"), encoding="utf-8"
    )
    code, problems, summary = validate(tmp_path)
    assert code == 1
    assert any(p.startswith(f"{tmp_path}/a.yaml:5:3: ") and "versions" in p for p in problems)
    assert any(p.startswith(f"{tmp_path}/b.yaml:6:") and "Web" in p for p in problems)
    assert any(p.startswith(f"{tmp_path}/b.yaml:6:") and "deploy" in p for p in problems)
    assert f"{len(problems)} problems" in summary


def test_a_single_file_is_named_as_it_was_given(tmp_path: Path) -> None:
    file = tmp_path / "web.yaml"
    write(file, GOOD.replace("web}]", "web}"))
    code, problems, _ = validate(file)
    assert code == 1
    assert problems[0].startswith(f"{file}:")


def test_the_same_routemap_in_two_given_folders_is_a_problem(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write(tmp_path / name / "web.yaml", GOOD)
    code, problems, _ = validate(tmp_path / "one", tmp_path / "two")
    assert code == 1
    assert problems == [
        f"{tmp_path}/two/web.yaml:1:1: the routemap shop/web is declared a second time; {tmp_path}/one/web.yaml:1 "
        "stays in force (keep one of the two, or give one another name)"
    ]


def test_a_file_that_several_paths_lead_to_does_not_repeat_itself(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    write(tmp_path / "one" / "web.yaml", GOOD)
    paths = [tmp_path, tmp_path / "one" / "web.yaml", tmp_path / "one" / ".." / "one"]
    assert validate(*paths) == (0, [], "1 routemap checked, 0 problems\n")


def test_foreign_manifests_and_templates_beside_routemaps_are_ignored(tmp_path: Path) -> None:
    write(tmp_path / "chart.yaml", HELM)
    (tmp_path / "app.yaml").write_text(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nextra: [1, 2]\n", encoding="utf-8"
    )
    assert validate(tmp_path)[:2] == (0, [])


@pytest.mark.parametrize("arguments", [["nowhere"], []])
def test_a_path_that_is_missing_is_a_usage_error(arguments: list[str], tmp_path: Path) -> None:
    code, problems, said = validate(*(tmp_path / each for each in arguments))
    assert (code, problems) == (2, [])
    assert "nowhere" in said or "Missing argument" in said


def test_a_routing_template_that_cannot_be_rendered_is_a_problem(tmp_path: Path) -> None:
    template = "  routingTemplates:\n    route: {template: '{{ .Nmae }}'}\n"
    write(tmp_path / "web.yaml", GOOD + template)
    (found,) = problems_of(tmp_path)
    assert found.startswith("web.yaml:8:23: routing template 'route': line 1: attribute 'Nmae'")


def test_a_mistake_in_a_template_is_told_at_its_line_in_the_file(tmp_path: Path) -> None:
    write(tmp_path / "web.yaml", GOOD + templates(route="apiVersion: v1\nkind: {{ .Nmae }}"))
    (found,) = problems_of(tmp_path)
    assert found.startswith("web.yaml:11:9: routing template 'route': attribute 'Nmae'")


def test_a_mistake_in_a_template_of_a_config_map_is_told_at_its_line_in_the_file(tmp_path: Path) -> None:
    write(tmp_path / "web.yaml", CONFIG_MAP)
    (found,) = problems_of(tmp_path)
    assert found.startswith("web.yaml:10:11: routing template 'r': attribute 'X'")


def test_templates_are_also_rendered_as_if_all_versions_took_traffic(tmp_path: Path) -> None:
    good = GOOD + "    - {weight: 0, resources: [{gvrShort: deploy, name: next}]}\n"
    write(tmp_path / "web.yaml", good + templates(route="{{ if gt (index .Weights 1) 0 }}{{ .Nmae }}{{ end }}"))
    (found,) = problems_of(tmp_path)
    assert "attribute 'Nmae'" in found
    assert found.endswith("(it happens once all versions take traffic)")


def test_an_engine_that_no_plugin_knows_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path / "web.yaml", GOOD + "  routingTemplates:\n    route: {engine: jinja3, template: x}\n")
    assert problems_of(tmp_path) == [
        "web.yaml:8:39: routing template 'route': no plugin renders templates of the engine 'jinja3'"
    ]


def test_two_templates_that_render_one_object_are_a_problem(tmp_path: Path) -> None:
    route = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: route}"
    write(tmp_path / "web.yaml", GOOD + templates(one=route, two=route))
    write(tmp_path / "zoo.yaml", GOOD.replace("name: web", "name: zoo") + templates(three=route))
    assert problems_of(tmp_path) == [
        "web.yaml:14:17: routing template 'two': ConfigMap shop/route is rendered by the routing template 'one', too "
        "(let one of the two render an object of another name)",
        "zoo.yaml:9:17: routing template 'three': ConfigMap shop/route is rendered by the routing template 'one' of "
        "the routemap shop/web, too (let one of the two render an object of another name)",
    ]


def test_a_file_that_is_named_must_be_yaml_even_when_it_shows_no_sign_of_being_ours(tmp_path: Path) -> None:
    write(tmp_path / "x.yaml", "x: [\n")
    assert validate(tmp_path / "x.yaml")[0] == 1
    assert validate(tmp_path)[0] == 0


def test_a_namespace_that_cannot_be_one_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "web.yaml", GOOD)
    assert validate(tmp_path, "--namespace", "Bad NS")[0] == 2


def test_with_skip_foreign_a_named_file_is_treated_as_one_in_a_folder(tmp_path: Path) -> None:
    write(tmp_path / "chart.yaml", HELM)
    write(tmp_path / "ours.yaml", "iter8.tools/x: [\n")
    assert validate(tmp_path / "chart.yaml", "--skip-foreign")[:2] == (0, [])
    assert validate(tmp_path / "ours.yaml", "--skip-foreign")[0] == 1


def test_standard_input_is_checked_like_a_file() -> None:
    assert validate("-", given=GOOD) == (0, [], "1 routemap checked, 0 problems\n")
    code, problems, _ = validate("-", given=GOOD.replace("versions", "verions"))
    assert code == 1
    assert problems[0].startswith("-:5:3: spec.verions is an unknown key")


def test_every_problem_is_one_line(tmp_path: Path) -> None:
    write(tmp_path / "web.yaml", GOOD.replace("name: web}]", '"na\\nme": web}]'))
    code, problems, summary = validate(tmp_path)
    assert code == 1
    assert summary.endswith(f", {len(problems)} problems\n")
    assert all(line.startswith(f"{tmp_path}/web.yaml:6:") for line in problems)


def test_json_tells_every_part_of_a_problem(tmp_path: Path) -> None:
    write(tmp_path / "web.yaml", GOOD)
    write(tmp_path / "zoo.yaml", GOOD.replace("name: web,", "name: zoo,").replace("gvrShort", "gvrshort"))
    code, printed, summary = validate(tmp_path, "-o", "json")
    told: dict[str, Any] = json.loads("\n".join(printed))
    assert (code, told["routemaps"], len(told["problems"])) == (1, 1, 2)
    assert told["problems"][1] == {
        "file": f"{tmp_path}/zoo.yaml",
        "line": 6,
        "column": 20,
        "message": "spec.versions[0].resources[0].gvrshort is an unknown key",
        "hint": "did you mean `gvrShort`? valid keys: apiVersion, gvrShort, kind, name, namespace",
        "application": "shop/zoo",
    }
    assert summary == "1 routemap checked, 2 problems\n"


def test_json_of_good_files_is_a_document_too(tmp_path: Path) -> None:
    write(tmp_path / "web.yaml", GOOD)
    code, printed, _ = validate(tmp_path, "-o", "json")
    assert (code, json.loads("".join(printed))) == (0, {"problems": [], "routemaps": 1})


@pytest.mark.parametrize("weight", ['"10%"', '"-1"', '"2147483648"'])
def test_a_weight_annotation_that_is_no_number_is_a_problem_on_any_object(tmp_path: Path, weight: str) -> None:
    write(tmp_path / "app.yaml", f"{DEPLOYMENT}  annotations:\n    iter8.tools/weight: {weight}\n")
    (found,) = problems_of(tmp_path)
    assert found.startswith('app.yaml:8:25: metadata.annotations["iter8.tools/weight"] is no weight: ')
    assert "from 0 to 2147483647 in quotes" in found


def test_a_weight_annotation_must_be_quoted_also_where_nothing_else_is_checked(tmp_path: Path) -> None:
    write(tmp_path / "app.yaml", DEPLOYMENT.replace("labels", "annotations").replace(WATCH_LABEL, "iter8.tools/weight"))
    assert len(problems_of(tmp_path)) == 1
    write(tmp_path / "app.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: a, annotations: {iter8.tools/weight: 5}}")
    assert problems_of(tmp_path)[0].startswith("app.yaml:3:55: ")


def test_a_weight_annotation_that_is_a_number_is_none(tmp_path: Path) -> None:
    write(tmp_path / "app.yaml", f'{DEPLOYMENT}  annotations: {{iter8.tools/weight: "10"}}\n')
    assert problems_of(tmp_path) == []


def test_a_place_is_told_right_also_where_all_objects_are_on_one_line(tmp_path: Path) -> None:
    metadata = '"metadata":{"name":"web","annotations":{"iter8.tools/weight":'
    pod, service = (f'{{"apiVersion":"v1","kind":"{kind}",{metadata}' for kind in ("Pod", "Service"))
    text = f'{{"apiVersion":"v1","kind":"List","items":[{pod}"1"}}}}}},{service}"x"}}}}}}]}}'
    write(tmp_path / "app.json", text)
    (found,) = problems_of(tmp_path)
    assert found.startswith(f"app.json:1:{text.index(chr(34) + 'x') + 1}: ")


def test_a_broken_routemap_on_the_same_line_confuses_nobody(tmp_path: Path) -> None:
    head = '{"apiVersion":"iter8.tools/v1","kind":"Routemap"'
    spec = '"versions":[{"resources":[{"gvrShort":"svc","name":"a"}]}],"routingTemplates":{"r":{"template":"{{ .X }}"}}'
    good = f'{head},"metadata":{{"name":"web"}},"spec":{{{spec}}}}}'
    text = f'{{"apiVersion":"v1","kind":"List","items":[{head}}},{head},"metadata":[]}},{good}]}}'
    write(tmp_path / "all.json", text)
    template = next(found for found in problems_of(tmp_path) if "routing template" in found)
    assert template.startswith(f"all.json:1:{text.index(chr(34) + '{{') + 1}: ")


def test_resources_are_only_looked_for_when_asked(tmp_path: Path) -> None:
    write(tmp_path / "web.yaml", GOOD)
    write(tmp_path / "app.yaml", DEPLOYMENT.replace("name: web", "name: other"))
    assert problems_of(tmp_path) == []
    assert problems_of(tmp_path, "--resources") == [
        "web.yaml:6:19: Deployment shop/web of group apps is not among the manifests (correct the name, or give "
        "the path of its manifest, too)"
    ]


def test_resources_that_are_there_with_the_label_are_fine(tmp_path: Path) -> None:
    write(tmp_path / "web.yaml", GOOD)
    (tmp_path / "manifests").mkdir()
    write(tmp_path / "manifests" / "app.yaml", DEPLOYMENT)
    assert validate(tmp_path / "web.yaml", tmp_path / "manifests", "--resources")[:2] == (0, [])


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ('iter8.tools/watch: "True"', "its label iter8.tools/watch is 'True' and not the string \"true\""),
        ("app: web", 'lacks the label iter8.tools/watch: "true"'),
    ],
)
def test_resources_without_the_label_are_a_problem(tmp_path: Path, label: str, said: str) -> None:
    write(tmp_path / "web.yaml", GOOD)
    write(tmp_path / "app.yaml", DEPLOYMENT.replace('iter8.tools/watch: "true"', label))
    (found,) = problems_of(tmp_path, "--resources")
    assert found.startswith(f"web.yaml:6:19: Deployment shop/web is in {tmp_path}/app.yaml:1, but {said}")
    assert found.endswith('(write iter8.tools/watch: "true" below metadata.labels of the object)')


def test_an_object_that_is_there_twice_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path / "app.yaml", f"{DEPLOYMENT}---\n{DEPLOYMENT}")
    assert problems_of(tmp_path) == []
    (found,) = problems_of(tmp_path, "--resources")
    assert found.startswith("app.yaml:8:1: Deployment shop/web is already in ")


def test_resources_can_only_be_looked_for_where_there_are_objects(tmp_path: Path) -> None:
    write(tmp_path / "web.yaml", GOOD)
    code, problems, said = validate(tmp_path, "--resources")
    assert (code, problems) == (2, [])
    assert "give the manifests, too" in said


def test_more_kinds_come_from_a_configuration(tmp_path: Path) -> None:
    write(tmp_path / "config.yml", "resourceTypes: {wg: {Group: x.io, Version: v1, Resource: widgets, Kind: Widget}}\n")
    write(tmp_path / "web.yaml", GOOD.replace("deploy", "wg"))
    assert validate(tmp_path / "web.yaml")[0] == 1
    assert validate(tmp_path / "web.yaml", "--config", tmp_path / "config.yml")[0] == 0
