"""docs/validating.md, the hook for pre-commit and the workflow for GitHub Actions, used as they stand there."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from iter8_gitops.cli.validate.sarif_rules import RULES

TOP = Path(__file__).parents[2]
PAGE = (TOP / "docs" / "validating.md").read_text(encoding="utf-8")
CHECKOUT = (TOP / "examples" / "routemaps" / "checkout.yaml").read_text(encoding="utf-8")
MISTAKEN = CHECKOUT.replace("weight: 90", "wieght: 90", 1).replace("gvrShort: deploy", "gvrShort: deplo", 1)
UNLABELLED = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: checkout, namespace: shop}\n"
COMMAND = Path(sys.executable).parent / "iter8-gitops"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with routemaps, and what else there is in one."""
    files = {
        "routemaps/checkout.yaml": CHECKOUT,
        "manifests/shop.yaml": UNLABELLED,
        "charts/app/templates/web.yaml": "{{- if .Values.on }}\nkind: Deployment\n{{- end }}\n",
        ".github/workflows/ci.yaml": "on: [push]\njobs: {}\n",
        "node_modules/x/y.yaml": "iter8.tools/: [\n",
        "mkdocs.yml": "markdown_extensions:\n  - x: !!python/name:a.b\n",
        "name with spaces.yaml": "a: 1\n---\nb: 2\n",
        "empty.yaml": "",
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    return tmp_path


def run(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a line of shell, where `iter8-gitops` is the command of this project."""
    script = f'set -e\niter8-gitops() {{ {shlex.quote(str(COMMAND))} "$@"; }}\n{line}'
    return subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True, timeout=60)


def hook() -> dict[str, Any]:
    """The only hook of `.pre-commit-hooks.yaml`."""
    (found,) = yaml.safe_load((TOP / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    return dict(found)


def names(folder: Path) -> list[str]:
    """The YAML files that pre-commit would give to the hook."""
    assert hook()["types"] == ["yaml"]
    paths = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.suffix in (".yaml", ".yml"))
    return sorted(path for path in paths if not re.search(hook()["exclude"], path))


def on_page(text: str) -> list[str]:
    """The lines of the page's console that begin with `text`."""
    return [line.strip() for line in PAGE.splitlines() if line.strip().startswith(text)]


def like(shown: str) -> re.Pattern[str]:
    """What the page shows, where … stands for anything."""
    return re.compile(".*".join(re.escape(part) for part in shown.split("…")))


def test_the_problems_on_the_page_are_those_that_are_printed(repository: Path) -> None:
    (repository / "routemaps" / "checkout.yaml").write_text(MISTAKEN, encoding="utf-8")
    result = run("iter8-gitops validate routemaps/", repository)
    shown, printed = on_page("routemaps/checkout.yaml:")[:2], result.stdout.splitlines()
    assert result.returncode == 1
    assert len(printed) == len(shown)
    assert all(like(one).fullmatch(other) for one, other in zip(shown, printed, strict=True))
    assert result.stderr.strip() in PAGE


def test_the_json_on_the_page_is_what_is_printed(repository: Path) -> None:
    only_key = CHECKOUT.replace("weight: 90", "wieght: 90", 1)
    (repository / "routemaps" / "checkout.yaml").write_text(only_key, encoding="utf-8")
    printed = json.loads(run("iter8-gitops validate routemaps/ -o json", repository).stdout)
    assert printed in [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]


def test_the_missing_label_on_the_page_is_told_as_it_stands_there(repository: Path) -> None:
    result = run("iter8-gitops validate routemaps/ manifests/ --resources", repository)
    assert on_page("routemaps/checkout.yaml:14:11:")[0] in result.stdout.splitlines()


def test_every_rule_is_on_the_page() -> None:
    assert [rule.id for rule in RULES] == re.findall(r"^\| `(iter8/[a-z-]+)` \|", PAGE, re.MULTILINE)


def test_the_hook_runs_a_command_that_the_project_installs() -> None:
    scripts = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert hook()["id"] == "iter8-validate"
    assert hook()["language"] == "python"
    assert shlex.split(hook()["entry"])[0] in scripts
    assert hook()["require_serial"] is True


def test_the_hook_takes_the_files_of_a_commit_whatever_else_they_hold(repository: Path) -> None:
    given = names(repository)
    assert "routemaps/checkout.yaml" in given
    assert not [path for path in given if path.startswith((".github", "node_modules"))]
    result = run(f"{hook()['entry']} {shlex.join(given)}", repository)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "1 routemap checked, 0 problems\n")


def test_the_hook_takes_hundreds_of_files_and_finds_what_is_wrong_among_them(repository: Path) -> None:
    for number in range(300):
        (repository / f"other-{number}.yaml").write_text(f"number: {number}\n", encoding="utf-8")
    (repository / "routemaps" / "again.yaml").write_text(CHECKOUT, encoding="utf-8")
    (repository / "routemaps" / "mistaken.yaml").write_text(MISTAKEN.replace("name: checkout", "name: x", 1))
    result = run(f"{hook()['entry']} {shlex.join(names(repository))}", repository)
    assert result.returncode == 1
    assert [line.split(":")[0] for line in result.stdout.splitlines()] == [
        "routemaps/checkout.yaml",
        "routemaps/mistaken.yaml",
        "routemaps/mistaken.yaml",
    ]


def test_the_hook_can_check_whole_folders_instead(repository: Path) -> None:
    (config,) = (block for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "args:" in block)
    (configured,) = yaml.safe_load(config)
    assert (configured["id"], configured["pass_filenames"]) == (hook()["id"], False)
    result = run(f"{hook()['entry']} {shlex.join(configured['args'])}", repository)
    assert result.returncode == 1
    assert "lacks the label" in result.stdout


def test_the_workflow_fails_on_problems_and_uploads_what_it_found(repository: Path) -> None:
    (repository / "routemaps" / "checkout.yaml").write_text(MISTAKEN, encoding="utf-8")
    workflow = yaml.safe_load((TOP / "examples" / "github" / "validate.yaml").read_text(encoding="utf-8"))
    steps = workflow["jobs"]["validate"]["steps"]
    first, second = (step["run"] for step in steps if step.get("run", "").startswith("iter8-gitops"))
    upload = steps[-1]
    assert run(first, repository).returncode == 1
    assert run(second, repository).returncode == 0
    log = json.loads((repository / upload["with"]["sarif_file"]).read_text(encoding="utf-8"))
    assert len(log["runs"][0]["results"]) == 2
    assert workflow["permissions"]["security-events"] == "write"


def test_the_workflow_does_not_take_a_mistaken_path_for_a_problem(tmp_path: Path) -> None:
    workflow = (TOP / "examples" / "github" / "validate.yaml").read_text(encoding="utf-8")
    (line,) = re.findall(r"run: (iter8-gitops .*-o sarif.*)", workflow)
    assert run(line, tmp_path).returncode != 0


def test_the_schema_is_written_where_editors_are_told_to_look(repository: Path) -> None:
    (line,) = re.findall(r"^\$ (iter8-gitops schema > .*)$", PAGE, re.MULTILINE)
    assert run(line, repository).returncode == 0
    (modeline,) = re.findall(r"^# yaml-language-server: \$schema=(.*)$", PAGE, re.MULTILINE)
    (settings,) = (json.loads(line) for line in PAGE.splitlines() if "yaml.schemas" in line and line.startswith("{"))
    written = json.loads((repository / "routemaps" / modeline).read_text(encoding="utf-8"))
    assert written["title"] == "Routemap"
    assert [(repository / path).exists() for path in settings["yaml.schemas"]] == [True]
