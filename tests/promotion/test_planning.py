"""From a tree of manifests to what a promotion makes of it."""

from __future__ import annotations

import json

import pytest
import yaml

from iter8_gitops.errors import NotFoundError
from iter8_gitops.hooks.manager import Plugins
from iter8_gitops.promotion.plan import Plan
from iter8_gitops.promotion.planning import plan_promotion
from iter8_gitops.promotion.refusals import PromotionRefusedError
from iter8_gitops.promotion.signatures import Signatures
from iter8_gitops.spec.kinds import KindTable
from tests.promotion.shops import APPLICATION, CANDIDATE, FILES, PRIMARY, PROMOTED, ROUTEMAP, tree_of

WATCHED = '  labels: {iter8.tools/watch: "true"}\n'
NATIVE = """\
apiVersion: iter8.tools/v1
kind: Routemap
metadata: {name: web, namespace: shop}
spec:
  versions:   # two of them
    - name: stable
      resources:
        - {gvrShort: deploy, name: web}
        - {gvrShort: cm, name: cfg}
    - name: next
      resources:
        - {gvrShort: deploy, name: web-next}
        - {gvrShort: cm, name: cfg-next}
"""


def deployment(name: str, config: str, image: str, replicas: int) -> str:
    return f"""\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
{WATCHED}spec:
  replicas: {replicas}   # sized with care
  selector:
    matchLabels: {{app: {name}}}
  template:
    metadata:
      labels: {{app: {name}}}
    spec:
      containers:
        - name: web
          image: {image}
          envFrom:
            - configMapRef: {{name: {config}}}
"""


def config_map(name: str, value: str) -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n{WATCHED}data:\n  colour: {value}\n"


WEB = {
    "routemap.yaml": NATIVE,
    "web.yaml": deployment("web", "cfg", "web:1", 9) + "---\n" + config_map("cfg", "green"),
    "next/all.yaml": deployment("web-next", "cfg-next", "web:2", 1) + "---\n" + config_map("cfg-next", "blue  # sky"),
    "next/kustomization.yaml": "resources:\n  # what is tried\n  - all.yaml\n  - ./other.yaml\n",
    "next/other.yaml": "kind: Other\n",
}


def plan(
    files: dict[str, str], plugins: Plugins, application: str = "shop/web", version: str = "next", **options: str
) -> Plan:
    return plan_promotion(tree_of(files, KindTable(plugins.kinds()), **options), plugins, application, version)


def content(found: Plan, path: str) -> str:
    written = found.files[path]
    assert written is not None
    return written.decode()


def refusal(
    files: dict[str, str], plugins: Plugins, application: str = "shop/web", version: str = "next", **options: str
) -> str:
    with pytest.raises((PromotionRefusedError, NotFoundError)) as caught:
        plan(files, plugins, application, version, **options)
    return str(caught.value)


def test_the_tutorials_promotion_is_one_change(plugins: Plugins) -> None:
    found = plan(FILES, plugins, APPLICATION, "1")
    assert content(found, "backend-0.yaml") == PROMOTED
    assert found.files["backend-1.yaml"] is None
    assert content(found, "backend.yaml").startswith(ROUTEMAP)
    assert found.files.keys() == FILES.keys()
    assert found.changes[0].changed == (
        'metadata.labels."app.kubernetes.io/version"',
        "spec.predictor.model.storageUri",
    )


def test_the_primary_gets_the_signature_that_the_candidate_had(plugins: Plugins) -> None:
    before = tree_of(FILES, KindTable(plugins.kinds()))
    found = plan_promotion(before, plugins, APPLICATION, "1")
    versions = before.routemaps[APPLICATION][0].routemap.versions
    candidate = Signatures(plugins, before).of_version(versions[1].resources)
    primary = Signatures(plugins, before.with_files(found.files)).of_version(versions[0].resources)
    assert found.signature == candidate == primary == found.primary_signature
    assert candidate != Signatures(plugins, before).of_version(versions[0].resources)


def test_objects_pair_by_kind_names_are_translated_and_the_scale_stays(plugins: Plugins) -> None:
    found = plan(WEB, plugins)
    after = deployment("web", "cfg", "web:2", 9) + "---\n" + config_map("cfg", "blue")
    assert content(found, "web.yaml") == after
    assert found.files["next/all.yaml"] is None
    assert content(found, "next/kustomization.yaml") == "resources:\n  # what is tried\n  - ./other.yaml\n"
    assert content(found, "routemap.yaml") == NATIVE + f"  assignment:\n    salt: {salt_in(found, 'routemap.yaml')}\n"
    assert found.notes == ()


def salt_in(found: Plan, path: str) -> str:
    return content(found, path).rpartition("salt: ")[2].strip()


def test_the_order_of_resources_in_a_version_may_differ_between_kinds(plugins: Plugins) -> None:
    swapped = NATIVE.replace(
        "        - {gvrShort: deploy, name: web-next}\n        - {gvrShort: cm, name: cfg-next}\n",
        "        - {gvrShort: cm, name: cfg-next}\n        - {gvrShort: deploy, name: web-next}\n",
    )
    found = plan({**WEB, "routemap.yaml": swapped}, plugins)
    assert content(found, "web.yaml") == content(plan(WEB, plugins), "web.yaml")


def test_versions_that_do_not_pair_are_refused_with_both_sides(plugins: Plugins) -> None:
    fewer = NATIVE.replace("        - {gvrShort: cm, name: cfg-next}\n", "")
    said = refusal({**WEB, "routemap.yaml": fewer}, plugins)
    assert "it has no ConfigMap, and the primary 1 of kind ConfigMap (cfg)" in said


def test_an_object_that_both_versions_name_is_left_alone(plugins: Plugins) -> None:
    shared = NATIVE.replace("cfg-next", "cfg")
    files = {**WEB, "routemap.yaml": shared, "next/all.yaml": deployment("web-next", "cfg", "web:2", 1)}
    found = plan(files, plugins)
    assert content(found, "web.yaml").endswith(config_map("cfg", "green"))
    assert [change.primary.kind for change in found.changes] == ["Deployment"]


def test_versions_of_the_same_objects_have_nothing_to_promote(plugins: Plugins) -> None:
    same = NATIVE.replace("web-next", "web").replace("cfg-next", "cfg")
    assert "consists of the same objects" in refusal({**WEB, "routemap.yaml": same}, plugins)


def test_an_object_that_another_routemap_names_too_cannot_go(plugins: Plugins) -> None:
    other = NATIVE.replace("name: web, namespace", "name: other, namespace").replace("web-next", "web-x")
    said = refusal({**WEB, "other.yaml": other}, plugins)
    assert "ConfigMap shop/cfg-next cannot go, because it is also part of shop/other" in said


def test_an_object_that_a_third_version_names_too_cannot_go(plugins: Plugins) -> None:
    third = (
        NATIVE + "    - name: last\n      resources: [{gvrShort: deploy, name: x}, {gvrShort: cm, name: cfg-next}]\n"
    )
    assert "also part of last of shop/web" in refusal({**WEB, "routemap.yaml": third}, plugins)


def test_a_version_is_found_by_its_name_before_its_index(plugins: Plugins) -> None:
    odd = NATIVE.replace("name: stable", 'name: "1"').replace("name: next\n", 'name: "0"\n')
    assert plan({**WEB, "routemap.yaml": odd}, plugins, version="0").version == "0"


def test_a_manifest_that_states_no_namespace_stands_for_the_routemaps(plugins: Plugins) -> None:
    elsewhere = deployment("web\n  namespace: prod", "cfg", "web:1", 1)
    files = {**WEB, "prod.yaml": elsewhere}
    assert plan(files, plugins).changes[0].path == "web.yaml"


def test_two_manifests_of_one_object_are_refused_unless_a_folder_is_named(plugins: Plugins) -> None:
    files = {f"{folder}/{path}": text for folder in ("staging", "production") for path, text in WEB.items()}
    said = refusal(files, plugins)
    assert "shop/web is declared at production/routemap.yaml:1 and staging/routemap.yaml:1" in said
    found = plan(files, plugins, scope="staging")
    assert all(path.startswith("staging/") for path in found.files)
    twice = {**WEB, "copy.yaml": deployment("web", "cfg", "web:1", 1)}
    assert "Deployment shop/web is in copy.yaml:1 and web.yaml:1" in refusal(twice, plugins)


def test_an_object_without_the_watch_label_is_no_part_of_anything(plugins: Plugins) -> None:
    files = {**WEB, "next/all.yaml": WEB["next/all.yaml"].replace(WATCHED, "", 1)}
    assert 'lacks the label iter8.tools/watch: "true"' in refusal(files, plugins)


def test_an_object_that_is_not_in_the_tree_is_named(plugins: Plugins) -> None:
    files = {path: text for path, text in WEB.items() if path != "web.yaml"}
    assert refusal(files, plugins) == "Deployment shop/web is not in the repository"


def test_an_object_that_is_only_a_patch_is_refused_with_both_files(plugins: Plugins) -> None:
    files = {
        **{path: text for path, text in WEB.items() if path != "web.yaml"},
        "base/patch.yaml": WEB["web.yaml"],
        "base/kustomization.yaml": "patches:\n- path: patch.yaml\n",
    }
    said = refusal(files, plugins)
    assert "Deployment shop/web is only in base/patch.yaml, a patch of base/kustomization.yaml" in said


OVERLAY = {
    "strategic": {"o/kustomization.yaml": "patchesStrategicMerge: [p.yaml]\n", "o/p.yaml": WEB["web.yaml"]},
    "path": {"o/kustomization.yaml": "patches: [{path: p.yaml}]\n", "o/p.yaml": WEB["web.yaml"]},
    "inline": {
        "o/kustomization.yaml": "patches:\n- patch: |\n    kind: Deployment\n    metadata: {name: web}\n    spec: {}\n"
    },
    "target": {"o/kustomization.yaml": "patches:\n- target: {kind: Deployment, name: we.}\n  patch: '[]'\n"},
    "json6902": {
        "o/Kustomization": "patchesJson6902:\n- target: {kind: Deployment, name: web}\n  path: p.yaml\n",
        "o/p.yaml": "- op: remove\n  path: /spec\n",
    },
}


@pytest.mark.parametrize("overlay", OVERLAY)
def test_an_object_that_only_one_side_is_patched_of_is_refused_with_the_file(overlay: str, plugins: Plugins) -> None:
    said = refusal({**WEB, **OVERLAY[overlay]}, plugins)
    assert said.startswith("Deployment web is patched in o/")


def test_a_patch_for_both_sides_is_no_hindrance(plugins: Plugins) -> None:
    both = {"o/kustomization.yaml": "patches:\n- target: {kind: Deployment}\n  patch: '[]'\n"}
    assert plan({**WEB, **both}, plugins).version == "next"


def test_an_object_that_is_generated_is_refused_with_the_generator(plugins: Plugins) -> None:
    files = {**WEB, "next/all.yaml": deployment("web-next", "cfg-next", "web:2", 1)}
    files["next/kustomization.yaml"] = "configMapGenerator:\n- name: cfg-next\n  literals: [colour=blue]\n"
    assert refusal(files, plugins) == (
        "ConfigMap shop/cfg-next is generated by next/kustomization.yaml: change the generator by hand"
    )


def test_an_object_of_a_helm_chart_is_refused_with_the_template(plugins: Plugins) -> None:
    template = deployment("{{ .Release.Name }}", "cfg", "web:1", 1)
    files = {**WEB, "charts/web/Chart.yaml": "name: web\n", "charts/web/templates/web.yaml": template}
    files["web.yaml"] = config_map("cfg", "green")
    said = refusal(files, plugins)
    assert "seems to come from charts/web/templates/web.yaml, a Helm template" in said
    quoted = WEB["web.yaml"].replace("image: web:1", 'image: "{{ .Values.image }}"')
    files = {**WEB, "charts/web/Chart.yaml": "name: web\n", "charts/web/templates/web.yaml": quoted}
    del files["web.yaml"]
    assert "a template of the Helm chart charts/web" in refusal(files, plugins)


def test_aliases_that_reach_beyond_what_changes_are_refused_with_the_file(plugins: Plugins) -> None:
    text = WEB["web.yaml"].replace("image: web:1", "image: &image web:1").replace("colour: green", "colour: green")
    files = {
        **WEB,
        "web.yaml": text.replace("      containers:", "      shareProcessNamespace: false\n      containers:"),
    }
    found = plan(files, plugins)
    assert "image: web:2" in content(found, "web.yaml")
    anchored = deployment("web", "cfg", "&image web:1", 9) + "        - name: other\n          image: *image\n"
    files["web.yaml"] = anchored + "---\n" + config_map("cfg", "green")
    donor = deployment("web-next", "cfg-next", "web:2", 1) + "        - {name: other, image: 'web:1'}\n"
    files["next/all.yaml"] = donor + "---\n" + config_map("cfg-next", "blue")
    said = refusal(files, plugins)
    assert "web.yaml cannot be edited" in said


def test_a_file_that_is_broken_elsewhere_is_refused_with_its_place(plugins: Plugins) -> None:
    files = {**WEB, "web.yaml": WEB["web.yaml"] + "---\nx: 1\nx: 2\n"}
    said = refusal(files, plugins)
    assert "web.yaml cannot be edited" in said
    assert "duplicate key `x`" in said


def test_a_broken_routemap_is_refused_with_its_problem(plugins: Plugins) -> None:
    files = {**WEB, "routemap.yaml": NATIVE.replace("name: stable", "nam: stable")}
    said = refusal(files, plugins)
    assert "the routemap of shop/web cannot be read: routemap.yaml:6:" in said


def test_objects_of_a_list_and_of_json_files_are_edited_in_place(plugins: Plugins) -> None:
    documents = [yaml.safe_load(text) for text in WEB["next/all.yaml"].split("---\n")]
    listed = {"apiVersion": "v1", "kind": "List", "items": [*documents, {"kind": "Other"}]}
    files = {**WEB, "next/all.json": json.dumps(listed, indent=4) + "\n"}
    del files["next/all.yaml"]
    found = plan(files, plugins)
    left = json.dumps({**listed, "items": [{"kind": "Other"}]}, indent=4) + "\n"
    assert content(found, "next/all.json") == left
    assert "image: web:2" in content(found, "web.yaml")
    primary = [yaml.safe_load(text) for text in WEB["web.yaml"].split("---\n")]
    files["web.json"] = json.dumps({"apiVersion": "v1", "kind": "List", "items": primary}, indent="\t")
    del files["web.yaml"]
    after = json.loads(content(plan(files, plugins), "web.json"))
    assert after["items"][0]["spec"]["template"]["spec"]["containers"][0]["image"] == "web:2"
    assert after["items"][1]["data"] == {"colour": "blue"}


def test_primary_candidate_and_routemap_may_share_a_file(plugins: Plugins) -> None:
    together = f"{ROUTEMAP}\n---\n{PRIMARY}\n---\n{CANDIDATE}"
    found = plan({"all.yaml": together}, plugins, APPLICATION, "1")
    salt = content(found, "all.yaml").partition("salt: ")[2].partition("\n")[0]
    routemap = f"{ROUTEMAP}    assignment:\n      salt: {salt}\n"
    assert content(found, "all.yaml") == f"{routemap}\n---\n{PROMOTED}\n"


def test_what_refers_to_something_that_goes_is_noted(plugins: Plugins) -> None:
    scaler = (
        "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: s}\n"
        "spec: {scaleTargetRef: {kind: Deployment, name: web-next}}\n"
    )
    files = {**WEB, "scaler.yaml": scaler}
    files["next/all.yaml"] = files["next/all.yaml"].replace(
        "          envFrom:", "          args: [--peer=web-next.shop]\n          envFrom:"
    )
    assert plan(files, plugins).notes == (
        "spec.template.spec.containers[0].args[0] of Deployment web mentions an object that is gone now",
        "HorizontalPodAutoscaler s (scaler.yaml:1) refers to something that is gone now",
    )


def test_what_kubernetes_does_not_let_anybody_change_is_noted(plugins: Plugins) -> None:
    frozen = {**WEB, "web.yaml": WEB["web.yaml"] + "immutable: true\n"}
    assert plan(frozen, plugins).notes == ("ConfigMap cfg is immutable: what applies it must replace it",)


def test_a_message_cannot_hold_what_is_secret_because_it_names_places(plugins: Plugins) -> None:
    from iter8_gitops.promotion.messages import Words, promotion_message

    message = promotion_message(plan(WEB, plugins), Words())
    assert "data.colour" in message
    assert "blue" not in message


@pytest.mark.parametrize("style", ["literal", "quoted", "folded", "json", "flow"])
def test_the_salt_of_an_iter8_routemap_is_renewed_however_its_spec_is_written(style: str, plugins: Plugins) -> None:
    data = yaml.safe_load(ROUTEMAP)
    spec = data["data"]["strSpec"]
    path = "backend.yaml"
    match style:
        case "literal":
            text = ROUTEMAP
        case "quoted":
            text = yaml.safe_dump(data, default_style='"', width=4000)
        case "folded":
            folded = spec.replace("\n", "\n\n").rstrip()
            text = f"{ROUTEMAP.partition('  strSpec')[0]}  strSpec: >\n    {folded}\n".replace("\n\n", "\n\n    ")
        case "flow":
            text = ROUTEMAP.partition("  strSpec")[0] + f"  strSpec: {json.dumps(json.dumps(yaml.safe_load(spec)))}\n"
        case _:
            path, text = "backend.json", json.dumps(data, indent=2) + "\n"
    files = {path: text, "backend-0.yaml": PRIMARY, "backend-1.yaml": CANDIDATE}
    before = tree_of(files, KindTable(plugins.kinds()))
    found = plan_promotion(before, plugins, APPLICATION, "1")
    routemap = before.with_files(found.files).routemaps[APPLICATION][0].routemap
    assert routemap.assignment.salt
    assert routemap.versions == before.routemaps[APPLICATION][0].routemap.versions


def test_a_salt_that_is_there_is_the_only_thing_that_changes_in_a_routemap(plugins: Plugins) -> None:
    salted = NATIVE + "  assignment:\n    # a new one for each experiment\n    salt: 'first'   # May\n"
    found = plan({**WEB, "routemap.yaml": salted}, plugins)
    after = content(found, "routemap.yaml")
    assert "first" not in after
    assert after.splitlines()[:-1] == salted.splitlines()[:-1]
    assert after.splitlines()[-1].startswith("    salt: '")
    assert after.endswith("'   # May\n")


def test_a_kind_that_a_label_value_could_be_taken_for_something_else_is_quoted(plugins: Plugins) -> None:
    candidate = CANDIDATE.replace("version: v1", 'version: "1.10"')
    found = plan({**FILES, "backend-1.yaml": candidate}, plugins, APPLICATION, "1")
    assert 'app.kubernetes.io/version: "1.10"\n' in content(found, "backend-0.yaml")
