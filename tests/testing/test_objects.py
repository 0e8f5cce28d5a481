"""The suite for plugins that judge objects: a good one passes, and each kind of mistake is found and explained."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from iter8_gitops.testing import Edit, ObjectContract
from tests.testing.running import complaints, module_of, run_pytest

PLUGIN = """
from iter8_gitops.hooks import Readiness, ResourceId, ResourceKind, conditions, early_verdict, hookimpl

@hookimpl
def resource_kinds():
    return [ResourceKind("cert-manager.io", "v1", "Certificate", "certificates", ("cert",))]

def is_certificate(resource):
    return (resource.id.group, resource.id.kind) == ("cert-manager.io", "Certificate")

@hookimpl
def related_resources(resource):
    if not is_certificate(resource):
        return None
    name = resource.spec.get("secretName")
    return [ResourceId("", "Secret", resource.id.namespace, name)] if isinstance(name, str) else []

@hookimpl
def readiness(resource, related):
    if not is_certificate(resource):
        return None
    early = early_verdict(resource, servable=True)
    if early is not None:
        return early
    ready = conditions(resource).get("Ready")
    if ready and ready.status == "True" and related:
        return Readiness.ready("Issued", "the certificate is issued")
    return Readiness.progressing("NotIssued", str(ready) if ready else "nothing was reported yet")

@hookimpl
def signature_content(resource):
    return {"dnsNames": resource.spec.get("dnsNames")} if is_certificate(resource) else None
"""
ISSUED: dict[str, Any] = {
    "apiVersion": "cert-manager.io/v1",
    "kind": "Certificate",
    "metadata": {"name": "web", "namespace": "shop", "generation": 1},
    "spec": {"dnsNames": ["a.example.com"], "secretName": "web-tls", "renewBefore": "1h"},
    "status": {"conditions": [{"type": "Ready", "status": "True", "reason": "Ready", "message": "up to date"}]},
}
SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "web-tls", "namespace": "shop"}, "data": {}}
CERTIFICATES: dict[str, Any] = {
    "samples": {"issued": ISSUED, "new": {**ISSUED, "status": {}}},
    "expected": {"issued": ("ready", True), "new": ("progressing", False)},
    "related": {"issued": [SECRET]},
    "content_edits": [Edit("spec.dnsNames[0]", "b.example.com"), Edit("spec.dnsNames", ["a.example.com", "c"])],
    "other_edits": [Edit("spec.renewBefore", "2h")],
    "mutants": 200,
}


def certificates(source: str = PLUGIN, **attributes: object) -> type[ObjectContract]:
    """The suite of the certificates; an attribute that is None is forgotten."""
    told = {"plugin": module_of(source), **CERTIFICATES, **attributes}
    return type("TestCertificates", (ObjectContract,), {name: each for name, each in told.items() if each is not None})


def test_a_good_plugin_passes() -> None:
    assert complaints(certificates()) == {}


MISTAKES = {
    "raises for a status of another type": (
        'conditions(resource).get("Ready")',
        'type("C", (), resource.manifest["status"]["conditions"][0])',
        "test_no_mutant_breaks_a_verdict",
        "readiness raised TypeError when it was asked about issued with status set to []",
    ),
    "passes a reported reason on": (
        '"NotIssued", str(ready)',
        'ready.reason if ready else "NotIssued", str(ready)',
        "test_no_mutant_breaks_a_verdict",
        "is not one CamelCase word (a reported reason belongs in the message)",
    ),
    "passes a reported message on": (
        'str(ready) if ready else "nothing was reported yet"',
        'repr(resource.status)[:9] and str(resource.status.get("conditions")).replace("\\\\\\\\", "") or "\\n"',
        "test_no_mutant_breaks_a_verdict",
        "pass what objects say through iter8_gitops.hooks.text",
    ),
    "ignores a deletion": (
        "early = early_verdict(resource, servable=True)",
        "early = None",
        "test_a_deletion_timestamp_wins",
        "the verdict on issued while it is being deleted",
    ),
    "calls nothing servable": (
        'Readiness.ready("Issued", "the certificate is issued")',
        'Readiness.failed("Issued", "the certificate is issued")',
        "test_the_verdict_on_a_sample_is_the_expected_one",
        "('failed', False), but it should be ('ready', True)",
    ),
    "answers for other groups": (
        '(resource.id.group, resource.id.kind) == ("cert-manager.io", "Certificate")',
        'resource.id.kind == "Certificate"',
        "test_other_kinds_are_left_to_other_plugins",
        "readiness answers for Certificate of API group 'foreign.example.com'",
    ),
    "has no rule for a malformed object": (
        "    early = early_verdict",
        '    if "status" not in resource.manifest:\n        return None\n    early = early_verdict',
        "test_no_mutant_breaks_a_verdict",
        "readiness has no rule (None) for",
    ),
    "changes the object": (
        "    early = early_verdict",
        '    resource.manifest.pop("status", None)\n    early = early_verdict',
        "test_the_verdict_on_a_sample_is_the_expected_one",
        "readiness changed the object that it was asked about",
    ),
    "changes its mind": (
        "    early = early_verdict",
        '    import itertools\n    n = next(globals().setdefault("N", itertools.count()))\n'
        '    return Readiness.progressing("Turn", str(n))\n    early = early_verdict',
        "test_the_verdict_on_a_sample_is_the_expected_one",
        "readiness gave two answers about",
    ),
    "depends on the order of keys": (
        "    early = early_verdict",
        '    if list(resource.manifest)[0] != "apiVersion":\n'
        '        return Readiness.progressing("Odd", "x")\n    early = early_verdict',
        "test_the_order_of_keys_makes_no_difference",
        "with its keys in another order",
    ),
    "does not bear that a related object is missing": (
        "and related:",
        'and related[ResourceId("", "Secret", "shop", "web-tls")]:',
        "test_no_mutant_of_a_related_object_breaks_a_verdict",
        "readiness raised KeyError when it was asked about issued without its related objects",
    ),
    "does not bear a malformed related object": (
        "and related:",
        'and [each.manifest["data"].keys() for each in related.values()]:',
        "test_no_mutant_of_a_related_object_breaks_a_verdict",
        "beside Secret shop/web-tls with data",
    ),
    "asks for another object than it uses": (
        'ResourceId("", "Secret"',
        'ResourceId("", "ConfigMap"',
        "test_what_is_seen_beside_a_sample_was_asked_for",
        "related_resources of issued does not name Secret shop/web-tls",
    ),
    "breaks over related objects": (
        'resource.spec.get("secretName")',
        'resource.manifest["spec"]["secretName"]',
        "test_no_mutant_breaks_the_related_resources",
        "related_resources raised TypeError when it was asked about issued with spec set to []",
    ),
    "asks for something that is no id": (
        "if isinstance(name, str) else []",
        "",
        "test_no_mutant_breaks_the_related_resources",
        "some part of a ResourceId is not text",
    ),
    "takes the status for content": (
        '{"dnsNames": resource.spec.get("dnsNames")}',
        "dict(resource.manifest)",
        "test_no_other_edit_moves_the_signature",
        "the signature of issued moves with status removed, which is no content",
    ),
    "takes the whole spec for content": (
        '{"dnsNames": resource.spec.get("dnsNames")}',
        "dict(resource.spec)",
        "test_no_other_edit_moves_the_signature",
        "the signature of issued moves with spec.renewBefore set to '2h', which is no content",
    ),
    "leaves content out": (
        '{"dnsNames": resource.spec.get("dnsNames")}',
        '{"dnsNames": len(resource.spec.get("dnsNames") or "")}'.replace("len(", "isinstance(list, type) and len("),
        "test_an_edit_of_content_moves_the_signature",
        "the signature of issued stays with spec.dnsNames[0] set to 'b.example.com', which is new content",
    ),
    "has content that is no JSON": (
        '{"dnsNames": resource.spec.get("dnsNames")}',
        '{"dnsNames": frozenset(map(str, resource.spec.get("dnsNames") or ()))}',
        "test_an_edit_of_content_moves_the_signature",
        "signature_content of issued is no JSON: dnsNames is of type frozenset",
    ),
    "takes a short name that is taken": (
        '("cert",)',
        '("cert", "deploy")',
        "test_its_short_names_are_not_taken",
        "the short name 'deploy' is that of Deployment already",
    ),
    "spells the plural as the kind": (
        '"certificates"',
        '"Certificates"',
        "test_the_kinds_are_well_formed",
        "the plural of Certificate is 'Certificates'; give the lower-case name of API paths",
    ),
    "cannot be loaded": (
        "def signature_content(resource):",
        "def signature_content(ressource):",
        "test_the_plugin_can_be_loaded",
        "the plugin is left out: ",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_found_and_explained(mistake: str) -> None:
    right, wrong, found_by, said = MISTAKES[mistake]
    assert right in PLUGIN
    assert said in complaints(certificates(PLUGIN.replace(right, wrong))).get(found_by, "")


FORGOTTEN: dict[str, tuple[dict[str, Any], str, str]] = {
    "the plugin": ({"plugin": None}, "test_the_plugin_can_be_loaded", "TestCertificates needs an attribute `plugin`"),
    "an expectation": (
        {"expected": {"new": ("progressing", False)}},
        "test_every_sample_has_an_expectation",
        "say in `expected` what is (state, servable) of issued",
    ),
    "a sample that is expected": (
        {"expected": {**CERTIFICATES["expected"], "old": ("ready", True)}},
        "test_every_sample_has_an_expectation",
        "`expected` names samples that are not there: old",
    ),
    "edits of the content": (
        {"content_edits": []},
        "test_content_edits_are_given",
        "say in `content_edits` what makes new content",
    ),
    "that a list is shorter": (
        {"other_edits": [Edit("spec.dnsNames[4]", "2h")]},
        "test_no_other_edit_moves_the_signature",
        "issued cannot be edited (spec.dnsNames[4] set to '2h'): there is no list with an entry 4",
    ),
    "that there is no rule": (
        {"plugin": module_of("from iter8_gitops.hooks import hookimpl\n@hookimpl\ndef resource_kinds(): return []")},
        "test_the_plugin_has_a_rule",
        "the plugin implements neither readiness nor signature_content",
    ),
}


@pytest.mark.parametrize("forgotten", FORGOTTEN)
def test_what_an_author_forgot_is_told(forgotten: str) -> None:
    attributes, found_by, said = FORGOTTEN[forgotten]
    assert said in complaints(certificates(**attributes))[found_by]


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        (None, "TestCertificates needs an attribute `samples`: name -> manifest, or a folder of YAML files"),
        ({}, "the samples of TestCertificates are empty"),
        ({"a": {**ISSUED, "metadata": {}}}, "sample a is no Kubernetes object: it has no apiVersion, no kind, or no"),
        ({"a": []}, "sample a is no Kubernetes object: it is no mapping"),
        ("/nowhere", "there are no YAML files in /nowhere"),
    ],
)
def test_samples_that_are_none_are_told(samples: object, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        certificates(samples=samples).sample_names()


def test_a_file_with_two_documents_is_no_sample(tmp_path: Path) -> None:
    (tmp_path / "two.yaml").write_text("a: 1\n---\nb: 2\n")
    with pytest.raises(ValueError, match=r"two\.yaml does not hold one YAML document"):
        certificates(samples=tmp_path).sample_names()


def test_none_says_that_other_tests_look_at_it() -> None:
    contract = certificates()
    contract.expected = contract.content_edits = None
    assert complaints(contract) == {}


def test_a_fallback_may_answer_for_every_kind() -> None:
    source = PLUGIN.replace('== ("cert-manager.io", "Certificate")', "!= ()")
    assert "test_other_kinds_are_left_to_other_plugins" in complaints(certificates(source))
    assert complaints(certificates(source, answers_every_kind=True)) == {}


def test_pytest_runs_each_sample_of_a_folder_beside_the_test_module(tmp_path: Path) -> None:
    (tmp_path / "samples").mkdir()
    sample = "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: web}\nspec: {dnsNames: [a]}\n"
    (tmp_path / "samples" / "new.yaml").write_text(sample)
    (tmp_path / "samples" / "README.md").write_text("not read")
    suite = """
        from iter8_gitops.testing import Edit, ObjectContract
        import plugin as the_plugin

        class TestCertificates(ObjectContract):
            plugin = the_plugin
            samples = "samples"
            expected = {"new": ("ready", True)}
            content_edits = [Edit("spec.dnsNames", ["b"])]
            mutants = 100
    """
    careless = PLUGIN.replace("    early = ", '    resource.manifest["spec"]["dnsNames"]\n    early = ')
    said = run_pytest(tmp_path, suite, plugin=careless)
    assert "test_the_verdict_on_a_sample_is_the_expected_one[new]" in said
    assert "the verdict on new (NotIssued: nothing was reported yet): ('progressing', False)" in said
    assert "readiness raised TypeError when it was asked about new with spec" in said
    # With the place in the plugin, and without frames of ours.
    assert '    resource.manifest["spec"]["dnsNames"]\n' in said
    assert "object_readiness.py" not in said
