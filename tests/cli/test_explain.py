"""`explain`: the verdict on objects and versions, and why, without a controller."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from iter8_gitops.cli import main

ROOT = Path(__file__).parents[2]
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
  generation: 2
  labels: {iter8.tools/watch: "true"}
spec: {replicas: 2, template: {spec: {containers: [{name: web, image: "web:1"}]}}}
status: {observedGeneration: 2, replicas: 2, updatedReplicas: 1, availableReplicas: 1}
"""
CONFIG_MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop}\ndata: {x: "1"}\n'
ROUTEMAP = """\
apiVersion: iter8.tools/v1
kind: Routemap
metadata: {name: web, namespace: shop}
spec:
  versions:
    - resources: [{gvrShort: deploy, name: web}]
    - {name: next, weight: 3, resources: [{gvrShort: deploy, name: web-next}, {gvrShort: cm, name: a}]}
"""


def explain(*arguments: str | Path, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, ["explain", *map(str, arguments)], input=stdin)


def answer(*arguments: str | Path, stdin: str | None = None) -> Any:
    result = explain(*arguments, "-o", "json", stdin=stdin)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_one_object_is_one_json_object_with_the_verdict_its_plugin_its_fields_and_its_signature() -> None:
    found = answer("-f", "-", stdin=DEPLOYMENT)
    assert found["object"] == {"group": "apps", "kind": "Deployment", "namespace": "shop", "name": "web"}
    assert (found["state"], found["servable"], found["reason"]) == ("progressing", True, "RollingOut")
    assert found["plugin"] == "iter8-gitops:deployment"
    assert "1 of 2" in found["message"]
    assert "status.updatedReplicas" in found["fields"]
    assert len(found["signature"]) == 16


def test_json_from_kubectl_is_read_as_well_and_a_list_is_a_list() -> None:
    items = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}} for name in ("a", "b")]
    found = answer("-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    assert [each["object"]["name"] for each in found] == ["a", "b"]
    assert {each["state"] for each in found} == {"ready"}


def test_the_text_says_what_is_waited_for_who_says_so_and_where_to_look() -> None:
    text = explain("-f", "-", stdin=DEPLOYMENT).stdout
    assert text.startswith(
        "Deployment shop/web\n  state       progressing, something answers\n  waits for   RollingOut: "
    )
    assert "decided by  plugin iter8-gitops:deployment, from status." in text


def test_a_ready_whose_status_may_be_of_older_content_says_so() -> None:
    said = explain("-f", ROOT / "tests/plugins/testdata/inferenceservice-modelmesh-ready.yaml").stdout
    assert "state       ready" in said
    assert "note        its status does not tell which spec it speaks of" in said


def test_the_signature_of_a_version_of_one_object_is_that_of_the_object(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(ROUTEMAP + "---\n" + DEPLOYMENT.replace("Replicas: 1", "Replicas: 2"))
    one = answer("-f", "-", stdin=DEPLOYMENT)
    version = answer("-f", tmp_path, "--routemap", "shop/web", "--version", "0")["versions"][0]
    assert (version["settled"], version["signature"]) == (True, one["signature"])


def test_a_routemap_is_explained_version_by_version_with_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text(ROUTEMAP)
    found = answer("-f", "-", "--routemap", tmp_path / "web.yaml", stdin=DEPLOYMENT + "---\n" + CONFIG_MAP)
    primary, candidate = found["versions"]
    assert (primary["available"], primary["settled"], primary["weight"]) == (True, False, 1)
    assert (candidate["available"], candidate["weight"], candidate["declaredWeight"]) == (False, 0, 3)
    assert [each["reason"] for each in candidate["objects"]] == ["NotFound", "NotWatched"]


def test_the_text_on_a_routemap_shows_its_objects_below_their_version(tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text(ROUTEMAP)
    text = explain("-f", "-", "--routemap", tmp_path / "web.yaml", "--version", "next", stdin=DEPLOYMENT).stdout
    assert "version 1 (next): not available, not settled, weight 0 (declared: 3)" in text
    assert "    Deployment shop/web-next\n      state       unknown, nothing answers\n" in text
    assert "version 0" not in text


def test_a_child_deployment_is_looked_for_among_the_same_files() -> None:
    alone = answer("-f", ROOT / "tests/plugins/testdata/inferenceservice-raw-ready.yaml")
    name, namespace = alone["object"]["name"], alone["object"]["namespace"]
    child = DEPLOYMENT.replace("name: web\n", f"name: {name}-predictor\n", 1).replace("shop", namespace)
    both = answer("-f", ROOT / "tests/plugins/testdata/inferenceservice-raw-ready.yaml", "-f", "-", stdin=child)
    assert alone["state"] == "ready"
    assert both[0]["state"] == "progressing"
    assert f"{name}-predictor" in both[0]["message"]


def test_for_a_plain_object_no_label_is_asked_for_neither_of_it_nor_of_what_it_depends_on() -> None:
    path = ROOT / "tests/plugins/testdata/inferenceservice-raw-ready.yaml"
    identity = answer("-f", path)["object"]
    child = DEPLOYMENT.replace("name: web\n", f"name: {identity['name']}-predictor\n", 1)
    child = child.replace("shop", identity["namespace"]).replace('labels: {iter8.tools/watch: "true"}', "labels: {}")
    assert answer("-f", path, "-f", "-", stdin=child)[0]["state"] == "progressing"


def test_rules_of_a_configuration_take_part(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(
        "resourceTypes:\n  wid: {Group: x.io, Version: v1, Resource: widgets, Kind: Widget, conditions: [Fit]}\n"
    )
    widget = (
        "apiVersion: x.io/v1\nkind: Widget\nmetadata: {name: w}\nstatus: {conditions: [{type: Fit, status: 'True'}]}\n"
    )
    assert answer("-f", "-", stdin=widget)["state"] == "unknown"
    assert answer("-f", "-", "--config", tmp_path / "config.yaml", stdin=widget)["state"] == "ready"


@pytest.mark.parametrize("verdict", ["inferenceservice-raw-invalid-spec", "deployment-terminating", "custom-no-status"])
def test_the_exit_code_does_not_depend_on_the_verdict(verdict: str) -> None:
    assert explain("-f", ROOT / f"tests/plugins/testdata/{verdict}.yaml").exit_code == 0


def test_what_cannot_be_read_is_told_with_its_place_and_the_rest_is_explained() -> None:
    result = explain("-f", "-", stdin=CONFIG_MAP + "---\nkind: [unclosed\n")
    assert result.exit_code == 1
    assert "ConfigMap shop/a" in result.stdout
    assert result.stderr.startswith("-:")
    assert ":7:1: " in result.stderr or ":6:" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "stdin", "code", "said"),
    [
        (["-f", "nowhere.yaml"], None, 2, "nowhere.yaml: no such file or directory"),
        (["-f", "-"], "hello: world\n", 1, "there is no Kubernetes object in -"),
        (["-f", "-"], "", 1, "there is no Kubernetes object in -"),
        (["-f", "-"], ROUTEMAP, 1, "explain the routemap shop/web with --routemap shop/web"),
        (["-f", "-", "--routemap", "shop/wep"], ROUTEMAP, 1, "did you mean `shop/web`?"),
        (["-f", "-", "--routemap", "web"], CONFIG_MAP, 1, "there is no routemap default/web (there is none among -f)"),
        (["-f", "-", "--routemap", "shop/web", "--version", "7"], ROUTEMAP, 1, "it has 0 (v0), 1 (next)"),
        (["-f", "-", "--version", "1"], ROUTEMAP, 2, "say which with --routemap"),
        ([], None, 2, "Missing option '-f'"),
    ],
)
def test_a_mistake_is_answered_with_what_to_do(arguments: list[str], stdin: str | None, code: int, said: str) -> None:
    result = explain(*arguments, stdin=stdin)
    assert result.exit_code == code
    assert said in result.stderr
    assert "Traceback" not in result.stderr
