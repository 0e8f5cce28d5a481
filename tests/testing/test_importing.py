"""What it takes to import the testing kit."""

from __future__ import annotations

import subprocess
import sys


def run(source: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)


def test_importing_it_loads_no_plugin_of_pytest_and_no_part_of_a_backend() -> None:
    done = run("import iter8_gitops.testing, sys; print(*sys.modules)")
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert "pytest" in loaded
    unwanted = {"hypothesis", "xdist", "anyio", "kubernetes", "grpc", "falcon", "sqlite3", "iter8_gitops.kube"}
    assert loaded & unwanted == set()


def test_without_pytest_it_says_what_to_install() -> None:
    done = run("import sys; sys.modules['pytest'] = None; import iter8_gitops.testing")
    assert done.stderr.splitlines()[-1] == (
        "ImportError: iter8_gitops.testing needs pytest: pip install 'iter8-gitops[testing]'"
    )


def test_the_rest_of_iter8_gitops_does_not_need_it() -> None:
    done = run("import sys; sys.modules['pytest'] = None; import iter8_gitops.cli.up, iter8_gitops.hooks")
    assert done.returncode == 0, done.stderr
