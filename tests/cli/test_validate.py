"""`iter8-gitops validate`, as a person or a pre-commit hook runs it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from iter8_gitops.cli import main

GOOD = """\
apiVersion: iter8.tools/v1
kind: Routemap
metadata: {name: web, namespace: shop}
spec:
  versions:
    - resources: [{gvrShort: deploy, name: web}]
"""
EXAMPLES = Path(__file__).parents[2] / "examples"


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def validate(*arguments: str | Path) -> tuple[int, list[str], str]:
    result = CliRunner().invoke(main, ["validate", *map(str, arguments)])
    return result.exit_code, result.stdout.splitlines(), result.stderr


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
    assert "a second time" in problems[0]


def test_foreign_manifests_and_templates_beside_routemaps_are_ignored(tmp_path: Path) -> None:
    write(tmp_path / "chart.yaml", "{{- if .Values.on }}\nkind: Deployment\n{{- end }}\n")
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
    code, problems, _ = validate(tmp_path)
    assert code == 1
    assert "routing template 'route'" in problems[0]


def test_a_file_that_is_named_must_be_yaml_even_when_it_shows_no_sign_of_being_ours(tmp_path: Path) -> None:
    write(tmp_path / "x.yaml", "x: [\n")
    assert validate(tmp_path / "x.yaml")[0] == 1
    assert validate(tmp_path)[0] == 0


def test_a_namespace_that_cannot_be_one_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "web.yaml", GOOD)
    assert validate(tmp_path, "--namespace", "Bad NS")[0] == 2
