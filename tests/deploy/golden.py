"""What Helm renders of the chart, kept in `golden/` so that tests can judge it on machines without Helm.

After a change of the chart, with helm 3 or newer on the PATH:  python -m tests.deploy.golden
"""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
CHART = HERE.parents[1] / "deploy" / "helm" / "iter8-gitops"
CASES = {
    "cluster": ("--namespace=iter8-system",),
    "namespace": ("--namespace=shop", "--set=scope=namespace"),
    "everything": ("--namespace=iter8-system", f"--values={HERE / 'values-everything.yaml'}"),
}
"""Name -> arguments of `helm template iter8-gitops CHART`."""


def helm_template(helm: str, *arguments: str) -> str:
    """Render the chart; raise CalledProcessError, which holds what Helm says, when it refuses."""
    command = [helm, "template", "iter8-gitops", str(CHART), "--kube-version=v1.30.0", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


def header() -> str:
    """The first line of a golden file: which chart it shows."""
    digest = hashlib.sha256()
    for file in sorted(file for file in [*CHART.rglob("*"), HERE / "values-everything.yaml"] if file.is_file()):
        digest.update(f"{file.name}\0".encode() + file.read_bytes())
    return f"# Rendered by Helm from the chart {digest.hexdigest()[:32]}\n"


def golden(name: str) -> str:
    """What Helm made of a case, with its header."""
    return (HERE / "golden" / f"{name}.yaml").read_text()


if __name__ == "__main__":
    for case, arguments in CASES.items():
        (HERE / "golden" / f"{case}.yaml").write_text(header() + helm_template("helm", *arguments))
