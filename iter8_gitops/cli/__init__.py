"""The command line. Commands import what they need when they run, so that `--help` is quick."""

from __future__ import annotations

import click

from iter8_gitops import __version__
from iter8_gitops.cli.analyze.command import analyze
from iter8_gitops.cli.demo.command import demo
from iter8_gitops.cli.diff.command import diff
from iter8_gitops.cli.errors import FriendlyGroup
from iter8_gitops.cli.explain.command import explain
from iter8_gitops.cli.get import get
from iter8_gitops.cli.history import history
from iter8_gitops.cli.lookup import lookup
from iter8_gitops.cli.parts import controller, grpc, serve
from iter8_gitops.cli.plugins import plugins
from iter8_gitops.cli.probe import probe
from iter8_gitops.cli.promote import promote
from iter8_gitops.cli.render import render
from iter8_gitops.cli.rollback import rollback
from iter8_gitops.cli.schema import schema
from iter8_gitops.cli.uninstall import uninstall
from iter8_gitops.cli.up import up
from iter8_gitops.cli.validate.command import validate


@click.group(
    cls=FriendlyGroup,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": "ITER8",
        "max_content_width": 100,
    },
    epilog="Every option can also be given as an environment variable: "
    "--state-dir of `up` is ITER8_UP_STATE_DIR, and so on.",
)
@click.version_option(__version__, prog_name="iter8-gitops")
def main() -> None:
    """Try new versions of a model or service on real users, declared in Git, and know who won.

    \b
    See it work:            iter8-gitops demo
    Serve your routemaps:   iter8-gitops up https://github.com/you/routemaps
    On a real cluster:      iter8-gitops up --cluster kubernetes
    Ask for a user:         iter8-gitops lookup shop/checkout alice
    Ask who is ahead:       iter8-gitops analyze shop/checkout
    Ask why it waits:       kubectl get deploy web -o yaml | iter8-gitops explain -f -
    """


for command in (
    up,
    demo,
    validate,
    schema,
    render,
    diff,
    explain,
    get,
    history,
    analyze,
    promote,
    rollback,
    plugins,
    lookup,
    controller,
    serve,
    grpc,
    probe,
    uninstall,
):
    main.add_command(command)
