"""The example of a plugin, installed and used as a stranger would: in an environment of its own, without a network."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sysconfig
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "plugins" / "iter8-gitops-ray"
ROUTEMAP = """\
apiVersion: iter8.tools/v1
kind: Routemap
metadata: {name: translate, namespace: shop}
spec:
  versions:
    - resources: [{gvrShort: rayservice, name: translate}]
    - resources: [{gvrShort: rayservice, name: translate-candidate}]
"""
SECONDS = 120

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("third-party-plugin")]

Python = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the package, copied, so that nothing is built in the checkout."""
    folder = tmp_path_factory.mktemp("stranger") / EXAMPLE.name
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__", ".*", "dist", "build"))
    return folder


@pytest.fixture(scope="module")
def python(package: Path) -> Python:
    """Runs Python with the package installed, in its folder. Its environment sees what this one has installed."""
    folder = package.parent / "environment"
    venv.create(folder, symlinks=True)
    purelib = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder), "platbase": str(folder)}))
    # What is installed here is found there, editable installs too.
    installed = f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n"
    (purelib / "installed.pth").write_text(installed, encoding="utf-8")
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP", "PYTEST"))
    }
    environment |= {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(folder / "bin" / "python"), *arguments]
        return subprocess.run(
            command, cwd=package, env=environment, capture_output=True, text=True, check=False, timeout=SECONDS
        )

    installing = run("-m", "pip", "install", "--quiet", "--no-build-isolation", "./")
    assert installing.returncode == 0, installing.stdout + installing.stderr
    return run


def test_the_command_lists_it_with_its_hooks_and_its_kind(python: Python) -> None:
    done = python("-m", "iter8_gitops", "plugins", "-o", "json")
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert answer["failures"] == []
    assert answer["plugins"][0] == {
        "name": "rayservice",
        "package": "iter8-gitops-ray",
        "version": "1.0.0",
        "hooks": ["readiness", "resource_kinds", "signature_content"],
        "kinds": ["rayservice"],
    }
    assert {"deployment", "generic"} <= {each["name"] for each in answer["plugins"]}


def test_its_own_suite_passes(python: Python) -> None:
    done = python("-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped" not in done.stdout


def test_routemaps_may_name_its_kind_once_it_is_installed(python: Python, package: Path) -> None:
    routemap = package.parent / "translate.yaml"
    routemap.write_text(ROUTEMAP, encoding="utf-8")
    done = python("-m", "iter8_gitops", "validate", str(routemap))
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    misspelt = package.parent / "misspelt.yaml"
    misspelt.write_text(ROUTEMAP.replace("rayservice, name: translate}", "rayservise, name: translate}"))
    done = python("-m", "iter8_gitops", "validate", str(misspelt))
    assert done.returncode == 1
    assert "did you mean `rayservice`?" in done.stdout
