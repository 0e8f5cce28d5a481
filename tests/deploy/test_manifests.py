"""Rules that every installation keeps, however it is rendered."""

from __future__ import annotations

import os
import shlex
import subprocess
from copy import deepcopy
from pathlib import Path
from typing import Any

import click
import pytest

from iter8_gitops.cli import main
from iter8_gitops.cli.options import METRICS_STORE_VARIABLE
from iter8_gitops.metrics.redis.urls import parse
from iter8_gitops.secret_references import FromFile
from tests.deploy.rendering import NAMES, Object, arguments, container_of, kustomize, of_kind, pod_of


def test_no_render_is_forgotten(renders: dict[str, list[Object]]) -> None:
    assert set(renders) == set(NAMES)


def test_containers_cannot_become_more_than_they_are(objects: list[Object]) -> None:
    pod = pod_of(objects)
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == 65532
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in pod["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
    assert not any(pod.get(field) for field in ("hostNetwork", "hostPID", "hostIPC"))
    assert not [volume for volume in pod["volumes"] if "hostPath" in volume]


def test_every_container_has_requests_limits_and_a_liveness_probe(objects: list[Object]) -> None:
    for container in pod_of(objects)["containers"]:
        assert {"cpu", "memory"} <= set(container["resources"]["requests"]), container["name"]
        assert {"cpu", "memory"} <= set(container["resources"]["limits"]), container["name"]
        assert container["livenessProbe"], container["name"]
        assert container["name"] == "controller" or container["readinessProbe"], container["name"]


def test_what_is_written_goes_to_volumes(objects: list[Object]) -> None:
    for container in pod_of(objects)["containers"]:
        mounts = {mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")}
        assert mounts == {"/tmp", "/var/lib/iter8-gitops"}


def test_every_mounted_volume_exists(objects: list[Object]) -> None:
    workload = of_kind(objects, "StatefulSet")[0]["spec"]
    there = {volume["name"] for volume in workload["template"]["spec"]["volumes"]}
    there |= {claim["metadata"]["name"] for claim in workload.get("volumeClaimTemplates", ())}
    mounted = {mount["name"] for container in pod_of(objects)["containers"] for mount in container["volumeMounts"]}
    assert mounted == there


def test_only_the_controller_gets_a_token_of_the_api_server(objects: list[Object]) -> None:
    pod = pod_of(objects)
    assert pod["automountServiceAccountToken"] is False
    assert of_kind(objects, "ServiceAccount")[0]["automountServiceAccountToken"] is False
    holders = [c["name"] for c in pod["containers"] for m in c["volumeMounts"] if m["name"] == "api-token"]
    assert holders == ["controller"]


def test_selectors_find_the_pods_and_only_named_ports(objects: list[Object]) -> None:
    workload = of_kind(objects, "StatefulSet")[0]
    labels = workload["spec"]["template"]["metadata"]["labels"].items()
    ports = {port["name"] for container in pod_of(objects)["containers"] for port in container.get("ports", ())}
    selectors = [workload["spec"]["selector"]["matchLabels"]]
    selectors += [item["spec"]["selector"] for item in of_kind(objects, "Service")]
    selectors += [item["spec"]["selector"]["matchLabels"] for item in of_kind(objects, "PodDisruptionBudget")]
    selectors += [item["spec"]["podSelector"]["matchLabels"] for item in of_kind(objects, "NetworkPolicy")]
    selectors += [each["labelSelector"]["matchLabels"] for each in pod_of(objects)["topologySpreadConstraints"]]
    assert len(selectors) >= 5
    assert all(selector.items() <= labels for selector in selectors)
    assert {p["targetPort"] for item in of_kind(objects, "Service") for p in item["spec"]["ports"]} == ports
    assert workload["spec"]["serviceName"] in {item["metadata"]["name"] for item in of_kind(objects, "Service")}


def test_a_single_replica_does_not_block_the_draining_of_its_node(objects: list[Object]) -> None:
    (budget,) = of_kind(objects, "PodDisruptionBudget")
    assert budget["spec"]["maxUnavailable"] == 1
    assert "minAvailable" not in budget["spec"]


def test_the_command_line_understands_the_arguments(objects: list[Object]) -> None:
    for container in pod_of(objects)["containers"]:
        name, *rest = arguments(objects, container["name"])
        commands = [(name, rest)]
        probe = container.get("startupProbe", {}).get("exec", {}).get("command")
        if probe:
            assert probe[0] == "iter8-gitops"
            commands.append((probe[1], probe[2:]))
        for command, words in commands:
            assert parsed(command, words)["state_dir"] == Path("/var/lib/iter8-gitops")


def test_what_the_secret_says_of_git_reaches_the_controller(
    renders: dict[str, list[Object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    controller = container_of(renders["kustomize-components"], "controller")
    for each in controller["env"]:
        if "secretKeyRef" in each.get("valueFrom", {}):
            monkeypatch.setenv(each["name"], f"the {each['valueFrom']['secretKeyRef']['key']}")
    name, *words = arguments(renders["kustomize-components"], "controller")
    options = parsed(name, words)
    assert (options["location"], options["branch"], options["subpath"]) == ("the url", "the branch", "the path")


def test_helm_gives_every_container_the_metric_store_and_its_password_as_a_file(
    renders: dict[str, list[Object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: True)  # The files are there in the pod.
    for name in ("controller", "http", "grpc"):
        container = container_of(renders["helm-everything"], name)
        (url,) = (each["value"] for each in container["env"] if each["name"] == METRICS_STORE_VARIABLE)
        given = parse(url)
        assert (str(given), given.user, given.prefix) == ("rediss://valkey.shop:6380", "iter8", "prod")
        password = Path("/etc/iter8-gitops/metrics-store/password")
        assert given.password == FromFile(password, "--metrics-store: password_file")
        assert "/etc/iter8-gitops/metrics-store" in [mount["mountPath"] for mount in container["volumeMounts"]]


def test_the_component_gives_every_container_the_url_of_the_metric_store_from_a_secret(
    renders: dict[str, list[Object]],
) -> None:
    for name in ("controller", "http", "grpc"):
        container = container_of(renders["kustomize-components"], name)
        (source,) = (each["valueFrom"] for each in container["env"] if each["name"] == METRICS_STORE_VARIABLE)
        assert source == {"secretKeyRef": {"name": "iter8-gitops-metrics-store", "key": "url"}}
        assert "/etc/iter8-gitops/metrics-store" in [mount["mountPath"] for mount in container["volumeMounts"]]


@pytest.mark.parametrize(("name", "port"), [("helm-everything", 6380), ("kustomize-components", 6379)])
def test_the_network_policy_lets_the_metric_store_be_reached(
    renders: dict[str, list[Object]], name: str, port: int
) -> None:
    (policy,) = of_kind(renders[name], "NetworkPolicy")
    assert port in [each["port"] for rule in policy["spec"]["egress"] for each in rule["ports"]]


def test_an_overlay_chooses_the_namespace_of_everything() -> None:
    for item in kustomize("namespace", namespace="shop"):
        assert item["metadata"]["namespace"] == "shop"
        assert all(subject["namespace"] == "shop" for subject in item.get("subjects", ()))


def test_kustomize_and_helm_run_the_same_pod(renders: dict[str, list[Object]]) -> None:
    def comparable(name: str) -> Any:
        pod = deepcopy(pod_of(renders[name]))
        for each in pod["topologySpreadConstraints"]:
            del each["labelSelector"]
        for container in pod["containers"]:
            container.pop("imagePullPolicy", None)
            container["args"] = sorted(container["args"])
        return pod

    assert comparable("kustomize-cluster") == comparable("helm-cluster")


@pytest.mark.parametrize("name", ["kustomize-components", "helm-everything"])
def test_git_is_given_the_mounted_credentials_for_this_repository_alone(
    renders: dict[str, list[Object]], name: str, tmp_path: Path
) -> None:
    (tmp_path / "username").write_text("reader")
    (tmp_path / "password").write_text("t0ken:/@%\n")
    controller = container_of(renders[name], "controller")
    given = {each["name"]: each.get("value", "") for each in controller["env"]}
    given["ITER8_LOCATION"] = "https://git.example.com/shop/routemaps.git"
    settings = {
        key: value.replace("$(ITER8_LOCATION)", given["ITER8_LOCATION"]).replace("/etc/iter8-gitops/git", str(tmp_path))
        for key, value in given.items()
        if key.startswith("GIT_CONFIG")
    }
    assert ask_git(settings, "git.example.com", "shop/routemaps.git") == {"username": "reader", "password": "t0ken:/@%"}
    assert ask_git(settings, "git.example.com", "other/repository.git") == {}
    assert ask_git(settings, "evil.example.com", "shop/routemaps.git") == {}
    (tmp_path / "password").unlink()
    assert ask_git(settings, "git.example.com", "shop/routemaps.git") == {}


@pytest.mark.parametrize("name", ["kustomize-components", "helm-everything"])
def test_ssh_checks_the_host_and_never_asks(renders: dict[str, list[Object]], name: str) -> None:
    controller = container_of(renders[name], "controller")
    (command,) = (each["value"] for each in controller["env"] if each["name"] == "GIT_SSH_COMMAND")
    program, *options = shlex.split(command)
    assert program == "ssh"
    assert {"-oBatchMode=yes", "-oStrictHostKeyChecking=yes", "-oIdentitiesOnly=yes"} <= set(options)


def ask_git(settings: dict[str, str], host: str, path: str) -> dict[str, str]:
    """What Git would log in with."""
    environment = {"PATH": os.environ["PATH"], "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1", **settings}
    asked = f"protocol=https\nhost={host}\npath={path}\n\n"
    done = subprocess.run(
        ["git", "credential", "fill"],
        input=asked,
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        timeout=30,
    )
    answer = dict(line.split("=", 1) for line in done.stdout.splitlines())
    return {key: answer[key] for key in ("username", "password") if key in answer}


def parsed(name: str, words: list[str]) -> dict[str, Any]:
    """The options that the command `name` makes of `words`."""
    settings = main.context_settings
    with click.Context(main, auto_envvar_prefix=settings["auto_envvar_prefix"]) as parent:
        command = main.get_command(parent, name)
        assert command is not None, f"there is no command {name}"
        with command.make_context(name, list(words), parent=parent) as context:
            return dict(context.params)
