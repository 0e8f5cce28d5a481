"""Options that several commands share, so that they mean the same everywhere."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from iter8_gitops.spec.names import is_namespace, namespace_hint

_Command = TypeVar("_Command", bound=Callable[..., Any])

DEFAULT_SERVER = "http://127.0.0.1:8080"


def seconds_between(
    least: float, most: float
) -> Callable[[click.Context, click.Parameter, float | None], float | None]:
    """A callback that refuses a number of seconds outside of these bounds."""

    def check(_context: click.Context, _option: click.Parameter, value: float | None) -> float | None:
        if value is not None and not least <= value <= most:  # NaN is refused too: it compares as false
            message = f"{value:g} is not a number of seconds from {least:g} to {most:g}"
            raise click.BadParameter(message)
        return value

    return check


def namespace_name(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    """Refuse a `--namespace` that Kubernetes would refuse."""
    if value is not None and not is_namespace(value):
        message = f"{value!r} is no valid namespace; {namespace_hint(value)}"
        raise click.BadParameter(message)
    return value


def combined(*decorators: Callable[[_Command], _Command]) -> Callable[[_Command], _Command]:
    """Several options as one decorator; `--help` shows them in this order."""

    def decorate(command: _Command) -> _Command:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


LOCATION_VARIABLE = "ITER8_LOCATION"
location_argument = click.argument("location", metavar="[PATH|URL]", envvar=LOCATION_VARIABLE, required=False)

source_options = combined(
    click.option("--branch", metavar="REF", help="Git branch, tag or commit to follow. [default: the remote's HEAD]"),
    click.option("--path", "subpath", default="", metavar="DIR", help="Folder inside the repository to read."),
    click.option(
        "--interval",
        type=float,
        metavar="SECONDS",
        callback=seconds_between(0.1, 86_400),
        help="How often a Git repository is polled. [default: 10, or 1 when it is on this machine]",
    ),
    click.option(
        "--namespace",
        metavar="NAME",
        callback=namespace_name,
        help="Namespace of documents that state none (as kubectl's current namespace), and the one that --scope "
        "namespace means. [default: the one that a routemap's resources name, else 'default'; with --scope "
        "namespace the context's or the pod's]",
    ),
    click.option(
        "--cluster",
        metavar="manifests[:DIR]|DIR|kubernetes",
        default="manifests",
        show_default=True,
        help="Where live resources are seen: 'manifests' takes the Kubernetes objects beside the routemaps, "
        "'manifests:DIR', or just DIR, those in a directory of their own, 'kubernetes' those of a real cluster.",
    ),
    click.option(
        "--routes-dir",
        type=click.Path(path_type=Path, file_okay=False),
        help="Where rendered routes are written, unless to a real cluster. [default: routes/ in the state directory]",
    ),
)

_FILE = click.Path(path_type=Path, dir_okay=False)
git_access_options = combined(
    click.option("--git-username", metavar="NAME", help="User name for https://; a token needs none."),
    click.option(
        "--git-password-file",
        type=_FILE,
        help="File with a password or token for https://. [default: the variable ITER8_GIT_TOKEN or "
        "ITER8_GIT_PASSWORD]",
    ),
    click.option("--ssh-key", type=_FILE, help="File with a private key without a passphrase."),
    click.option("--known-hosts", type=_FILE, help="File with the only SSH host keys that are trusted."),
    click.option(
        "--verify-ssh-signers", type=_FILE, help="Take only commits that one of these signers has signed with SSH."
    ),
    click.option("--verify-gpg-keys", type=_FILE, help="Take only commits that one of these OpenPGP keys has signed."),
)

host_option = click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 for all."
)
port_option = click.option("--port", default=8080, show_default=True, type=click.IntRange(1, 65535), help="HTTP port.")
grpc_port_option = click.option(
    "--grpc-port", default=50051, show_default=True, type=click.IntRange(1, 65535), help="gRPC port."
)
workers_option = click.option(
    "--workers",
    default=lambda: min(os.cpu_count() or 1, 4),
    show_default="one per core, at most 4",
    type=click.IntRange(1, 64),
    help="HTTP worker processes.",
)
grpc_workers_option = click.option(
    "--grpc-workers",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="gRPC worker processes on one port; each connection stays with one of them.",
)
board_option = click.option(
    "--board",
    metavar="URL",
    help="Follow the board of the server at URL, which runs beside a controller, instead of the one in the state "
    "directory.",
)
METRICS_STORE_VARIABLE = "ITER8_METRICS_STORE"
metrics_store_option = click.option(
    "--metrics-store",
    envvar=METRICS_STORE_VARIABLE,
    default="sqlite:",
    show_default=True,
    metavar="URL",
    help="Where exposures and metrics are kept: 'sqlite:' is a file of the state directory, 'sqlite:PATH' another one; "
    "'redis://HOST' a Redis or Valkey that many machines share (docs/metrics-store.md); plugins may know more.",
)
WEBHOOK_SECRET_VARIABLE = "ITER8_WEBHOOK_SECRET"  # noqa: S105 - its name
webhook_secret_option = click.option(
    "--webhook-secret-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File with the secret of webhooks that Git hosts send to /v1/hooks/git. "
    f"[default: the variable {WEBHOOK_SECRET_VARIABLE}; without either, none are taken]",
)
cors_origins_option = click.option(
    "--cors-origins",
    envvar="ITER8_CORS_ORIGINS",
    default="",
    metavar="ORIGINS",
    help="Origins of web pages that may call the HTTP API, such as https://shop.example, with commas between them; "
    "* for all. [default: none]",
)
server_option = click.option(
    "--server", default=DEFAULT_SERVER, show_default=True, envvar="ITER8_SERVER", help="Where the HTTP API is."
)
output_option = click.option(
    "-o",
    "--output",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="Output format.",
)


def state_dir_option(*, required: bool) -> Callable[[_Command], _Command]:
    """`--state-dir`; `up` has a default (see `default_state_dir`), the separate parts need to be told."""
    return click.option(
        "--state-dir",
        required=required,
        type=click.Path(path_type=Path, file_okay=False),
        help="Where the board, metrics and Git mirrors are kept."
        + ("" if required else " [default: a folder of its own for PATH|URL below ~/.local/state/iter8-gitops]"),
    )


def default_state_dir(location: str) -> Path:
    """A folder for what must survive a restart: the same for the same location, by the XDG convention."""
    from iter8_gitops.sources.git.urls import looks_like_url

    base = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    # Not by whether it exists: a folder that is away must still find the state that it left behind.
    absolute = location if looks_like_url(location) else os.path.abspath(location)  # noqa: PTH100 (links stay)
    name = "".join(c if c.isalnum() else "-" for c in Path(absolute).name)[:40].strip("-") or "routemaps"
    return base / "iter8-gitops" / f"{name}-{hashlib.sha256(absolute.encode()).hexdigest()[:10]}"
