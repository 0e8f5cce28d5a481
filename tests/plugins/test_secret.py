from __future__ import annotations

import json

import pytest

from iter8_gitops.hooks import Plugins, ReadinessState
from tests.plugins.objects import as_resource, edited, sample

PLUGIN = "iter8-gitops:secret"


@pytest.mark.parametrize("name", ["secret-existing", "secret-immutable", "secret-empty", "secret-manifest"])
def test_an_existing_secret_is_ready(name: str, plugins: Plugins) -> None:
    verdict = plugins.readiness(sample(name))
    found = verdict.readiness
    assert (found.state, found.servable, found.current) == (ReadinessState.READY, True, True)
    assert (found.reason, found.fields, verdict.plugin) == ("Exists", (), PLUGIN)


def test_a_secret_that_is_being_deleted_is_not(plugins: Plugins) -> None:
    found = plugins.readiness(sample("secret-terminating")).readiness
    assert (found.state, found.servable) == (ReadinessState.TERMINATING, False)


def test_neither_the_data_nor_its_encoding_leaves_the_plugin(plugins: Plugins) -> None:
    for name in ("secret-existing", "secret-manifest"):
        resource = sample(name)
        told = json.dumps(plugins.signature_content(resource).value) + plugins.readiness(resource).readiness.message
        for secret in ("s3cr3t-token", "czNjcjN0LXRva2Vu", "czNj", "certificate"):
            assert secret not in told


def test_the_content_is_one_digest_of_64_digits(plugins: Plugins) -> None:
    (digest,) = plugins.signature_content(sample("secret-existing")).value.values()
    assert len(digest) == 64
    assert int(digest, 16)


def test_text_in_a_manifest_equals_the_data_that_the_api_server_makes_of_it(plugins: Plugins) -> None:
    live, manifest = plugins.signature_content(sample("secret-existing")), sample("secret-manifest")
    assert live == plugins.signature_content(manifest)
    # As on the API server, the text of a key wins over its data.
    overwritten = edited(manifest, "data", to={"token": "b2xk"})
    assert live == plugins.signature_content(overwritten)


def test_base64_in_lines_is_the_same_data(plugins: Plugins) -> None:
    broken = edited(sample("secret-existing"), "data", "token", to="czNjcjN0\nLXRva2Vu\n")
    assert plugins.signature_content(sample("secret-existing")) == plugins.signature_content(broken)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("data", "token"), "bmV3LXRva2Vu"),
        (("data", "token"), "not base64!"),
        (("data", "new"), ""),
        (("data",), {}),
        (("data",), {"other": "czNjcjN0LXRva2Vu", "ca.crt": "bm8gY2VydGlmaWNhdGU="}),
        (("stringData",), {"token": "new-token"}),
    ],
)
def test_the_signature_moves_with_the_data(path: tuple[str, ...], value: object, plugins: Plugins) -> None:
    resource = sample("secret-existing")
    assert plugins.signature_content(resource) != plugins.signature_content(edited(resource, *path, to=value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("metadata", "labels"), {"team": "ml"}),
        (("metadata", "annotations"), {"seen": "yes"}),
        (("metadata", "resourceVersion"), "981"),
        (("immutable",), True),
        (("status",), {}),
    ],
)
def test_the_signature_stays_when_metadata_changes(path: tuple[str, ...], value: object, plugins: Plugins) -> None:
    resource = sample("secret-existing")
    changed = edited(resource, *path, to=value)
    assert plugins.signature_content(resource) == plugins.signature_content(changed)


def test_a_secret_of_another_group_is_not_ours(plugins: Plugins) -> None:
    manifest = {**sample("secret-existing").manifest, "apiVersion": "example.com/v1"}
    assert plugins.readiness(as_resource(manifest)).plugin == "iter8-gitops:generic"
