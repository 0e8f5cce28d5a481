"""What a file holds: routemaps, objects and problems side by side."""

from __future__ import annotations

import pytest

from iter8_gitops.spec.files import FileContents, decode_file
from iter8_gitops.spec.resource import ResourceId
from iter8_gitops.spec.tree import SourceFile
from tests.spec.builders import HEADER, KINDS, decode, document, said, seed, told

WATCHED = 'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  labels: {iter8.tools/watch: "true"}\n'
NATIVE = f"{HEADER}spec:\n  versions: [{{resources: [{{gvrShort: svc, name: a}}]}}]\n"
HELM = "apiVersion: v1\nkind: Service\nmetadata:\n  {{- if .Values.x }}\n  name: a\n"


def applications(contents: FileContents) -> list[str]:
    return [decoded.routemap.application for decoded in contents.routemaps]


@pytest.mark.parametrize("name", ["backend-0", "backend-1", "backend-0-promoted"])
def test_the_models_of_the_tutorial_are_watched_objects(name: str) -> None:
    (found,) = decode(seed(name)).resources

    assert found.resource.id == ResourceId("serving.kserve.io", "InferenceService", "", name.removesuffix("-promoted"))
    assert found.resource.manifest == document(seed(name)).data
    assert (found.watched, found.namespaced_by_manifest, found.line) == (True, False, 1)


def test_routemaps_and_other_manifests_share_a_file() -> None:
    text = "---\n".join([seed("backend-routemap"), seed("backend-0"), NATIVE, "just: text\n"])

    found = decode(text)

    assert applications(found) == ["modelmesh-serving/backend", "default/shop"]
    assert [decoded.line for decoded in found.routemaps] == [1, 40]
    assert [(str(decoded.resource.id), decoded.line) for decoded in found.resources] == [
        ("InferenceService /backend-0", 22)
    ]
    assert (found.problems, found.broken, found.unreadable) == ((), frozenset(), False)


def test_the_items_of_a_list_are_decoded_like_documents() -> None:
    items = "".join("- " + text.replace("\n", "\n  ").rstrip(" ") for text in (seed("backend-routemap"), WATCHED))

    found = decode(f"apiVersion: v1\nkind: List\nitems:\n{items}")

    assert applications(found) == ["modelmesh-serving/backend"]
    assert [(decoded.resource.id.name, decoded.line) for decoded in found.resources] == [("web", 24)]


def test_one_bad_document_leaves_the_others_in_force() -> None:
    bad = NATIVE.replace("shop", "bad").replace("svc", "zzz")

    found = decode("---\n".join([NATIVE, bad, seed("backend-routemap")]))

    assert applications(found) == ["default/shop", "modelmesh-serving/backend"]
    assert found.broken == {"default/bad"}
    assert not found.unreadable


@pytest.mark.parametrize(
    ("metadata", "default", "namespace", "stated"),
    [
        ("name: a", None, "", False),
        ("name: a", "shop", "shop", False),
        ("{name: a, namespace: edge}", "shop", "edge", True),
        ("{name: a, namespace: ''}", "shop", "shop", False),
    ],
)
def test_an_object_without_a_namespace_takes_the_default(
    metadata: str, default: str | None, namespace: str, stated: bool
) -> None:
    metadata = metadata if metadata.startswith("{") else f"{{{metadata}}}"
    (found,) = decode(f"apiVersion: v1\nkind: Service\nmetadata: {metadata}", namespace=default).resources

    assert found.resource.id.namespace == namespace
    assert found.namespaced_by_manifest is stated


@pytest.mark.parametrize(("label", "watched"), [('"true"', True), ('"false"', False), ("maybe", False)])
def test_only_the_label_value_true_asks_to_be_watched(label: str, watched: bool) -> None:
    (found,) = decode(WATCHED.replace('"true"', label)).resources

    assert found.watched is watched


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        (
            '"true"',
            "true",
            '5:31: metadata.labels["iter8.tools/watch"] must be text, not true or false (quote it)',
        ),
        ("  name: web\n", "", "4:3: metadata.name is missing (add it beside labels)"),
        ("name: web", "name: 7", "4:9: metadata.name must be text, not a whole number (quote it)"),
        ("name: web", "name: [x]", "4:9: metadata.name must be text, not a list"),
        (
            "name: web",
            "name: web\n  namespace: A",
            "5:14: metadata.namespace is no valid namespace: `A` (did you mean `a`? use up to 63 "
            "lower-case letters, digits, '-', with a letter or digit at both ends)",
        ),
        ("kind: Deployment\n", "", "1:1: kind is missing (add it beside apiVersion, metadata)"),
        (
            "apps/v1",
            "apps",
            "1:13: apiVersion is no valid API version: `apps` (write group/version, such as apps/v1)",
        ),
        ("{iter8", "{a: 1, iter8", "5:15: metadata.labels.a must be text, not a whole number (quote it)"),
    ],
)
def test_an_object_that_wants_to_be_watched_must_be_well_formed(before: str, after: str, problem: str) -> None:
    assert before in WATCHED

    found = decode(WATCHED.replace(before, after))

    assert told(found.problems) == [problem]
    assert found.resources == ()


@pytest.mark.parametrize(
    "text",
    ["apiVersion: v1\nkind: Service", "kind: Service\nmetadata: {name: a}", "metadata: {}", "metadata: {name: 7}"],
)
def test_what_is_no_kubernetes_object_is_ignored(text: str) -> None:
    assert decode(text) == FileContents()


def test_a_refused_file_is_one_problem_and_nothing_it_held_is_given_up() -> None:
    found = decode_file(SourceFile("big.yaml", "", b"", refusal="larger than 4 MiB"), KINDS)

    assert [str(problem) for problem in found.problems] == ["big.yaml: larger than 4 MiB"]
    assert found.unreadable


def test_a_foreign_file_that_is_no_yaml_is_reported_only_to_those_who_need_it() -> None:
    found = decode(HELM)

    assert found.problems == ()
    assert found.unreadable
    assert len(found.unreadable_problems) == 1


def test_a_file_that_mentions_us_is_reported_when_it_is_no_yaml() -> None:
    found = decode(HELM + "  labels: {iter8.tools/watch: x}\n")

    assert len(found.problems) == 1
    assert found.unreadable
    assert found.unreadable_problems == ()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1"])
def test_a_routemap_in_another_encoding_is_reported(encoding: str) -> None:
    found = decode(f"# é\n{NATIVE}".encode(encoding))

    assert len(found.problems) == 1
    assert found.problems[0].message.startswith(("not UTF-8", "character U+0000"))
    assert found.unreadable


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        (f"{NATIVE}oops: [", set()),
        (f"{NATIVE.replace('shop', 'shop' + chr(10) + '  namespace: s')}oops: [", {"s/shop"}),
        (f"{NATIVE}kind: Routemap\n", {"default/shop"}),
        (seed("backend-routemap") + "a: [", {"modelmesh-serving/backend"}),
        (seed("backend-routemap") + "immutable: false\n", {"modelmesh-serving/backend"}),
        ("a: {b: [\n# iter8.tools/", set()),
    ],
)
def test_a_document_that_cannot_be_read_is_attributed_when_it_can_be_told(text: str, broken: set[str]) -> None:
    found = decode(text)

    assert found.broken == broken
    assert found.unreadable
    assert [problem.application for problem in found.problems] == [next(iter(broken), None)]
    assert found.routemaps == ()


def test_what_comes_before_a_syntax_error_stays_in_force() -> None:
    found = decode(f"{NATIVE}---\n{NATIVE.replace('shop', 'other')}  - [\n---\n{seed('backend-routemap')}")

    assert applications(found) == ["default/shop"]
    assert found.unreadable
    assert said(found.problems)[0].startswith("14:3: not valid YAML")


def test_every_routemap_of_a_broken_list_is_broken() -> None:
    items = "".join("- " + NATIVE.replace("shop", name).replace("\n", "\n  ").rstrip(" ") for name in ("one", "two"))

    found = decode(f"apiVersion: v1\nkind: List\nitems:\n{items}  status: 1\n  status: 2\n")

    assert found.broken == {"default/one", "default/two"}
    assert [problem.application for problem in found.problems] == [None]
