"""The `demo` command: sets the stage, has the story played, and reports how it ended."""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from iter8_gitops.errors import ConfigurationError

if TYPE_CHECKING:
    from iter8_gitops.cli.demo.narrator import Narrator
    from iter8_gitops.cli.demo.playground import System


@click.command(short_help="Play the whole story, from a first commit to a promoted winner.")
@click.option("--keep", is_flag=True, help="Leave everything running at the end, and say where; Ctrl-C stops it.")
@click.option(
    "--patience", default=30.0, show_default=True, metavar="SECONDS", help="How long each expectation may take."
)
def demo(keep: bool, patience: float) -> None:
    """Play the story of a candidate model, with nothing but this machine.

    Makes a temporary Git repository with the manifests of the KServe ModelMesh tutorial, starts the
    whole system on it, and plays: the primary is served, a candidate is committed, becomes ready,
    takes its share of users, is measured, is promoted, and is gone. Commits, gRPC and HTTP are
    real; only KServe is played, by setting the status of its objects. Exits with 0 only when
    every expectation was observed.

    \b
    Examples:
      iter8-gitops demo
      iter8-gitops demo --keep
    """
    if shutil.which("git") is None:
        message = "the demo makes real commits, so it needs the git program; install git"
        raise ConfigurationError(message)
    from iter8_gitops.cli.demo.clients import Clients
    from iter8_gitops.cli.demo.narrator import ExpectationError, Narrator
    from iter8_gitops.cli.demo.playground import Cluster, Repository, System
    from iter8_gitops.cli.demo.story import Story

    tell = Narrator(patience)
    # A terminal's Ctrl-C and a plain `kill` both end the story through the clean-up below.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="iter8-gitops-demo-") as name:
        folder = Path(name)
        repository, cluster = Repository(folder / "repository"), Cluster(folder / "cluster")
        repository.commit("Begin", {"README.md": "# Our models\n"})
        system = System(folder, repository, cluster)
        tell.say(f"Started: {' '.join(('iter8-gitops', *system.command[3:]))}")
        try:
            with Clients(system.server, f"127.0.0.1:{system.grpc_port}") as clients:
                story = Story(tell, repository, cluster, system, clients)
                story.play()
                if keep:
                    _stay(tell, system, folder)
                    return
                story.clean_up()
        except ExpectationError as missed:
            tell.missed(str(missed))
            tell.say("\nThe last lines of its log:\n" + _tail(system.log))
            sys.exit(1)
        finally:
            system.stop()
            repository.close()
        tell.say("\nEvery expectation was observed.")


def _stay(tell: Narrator, system: System, folder: Path) -> None:
    """Leave the stage as it is until Ctrl-C."""
    tell.say(
        f"\nEvery expectation was observed. It stays up; Ctrl-C stops it and removes its files.\n"
        f"  HTTP        {system.server}\n"
        f"  dashboard   {system.server}/abnDashboard?namespace=modelmesh-serving&application=backend\n"
        f"  routemaps   iter8-gitops get routemaps --server {system.server}\n"
        f"  gRPC        127.0.0.1:{system.grpc_port}\n"
        f"  files       {folder} (repository/, cluster/, iter8-gitops.log)"
    )
    stopped = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: stopped.set())
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    while system.running and not stopped.wait(0.5):
        pass


def _tail(log: Path, lines: int = 25) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
