"""Options that `promote` and `rollback` share, and what they ask for."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from iter8_gitops.cli.options import combined, namespace_name
from iter8_gitops.errors import ConfigurationError

if TYPE_CHECKING:
    from iter8_gitops.contracts.git_host import GitHost
    from iter8_gitops.contracts.source import Credentials
    from iter8_gitops.hooks.manager import Plugins
    from iter8_gitops.promotion.committing import Committer
    from iter8_gitops.promotion.git.repository import Repository
    from iter8_gitops.promotion.proposals import OpenHost
    from iter8_gitops.spec.kinds import KindTable

HOST_TOKEN_VARIABLE = "ITER8_GIT_HOST_TOKEN"  # noqa: S105 - its name
_FILE = click.Path(path_type=Path, dir_okay=False)

place_options = combined(
    click.option(
        "--repo", metavar="PATH|URL", help="The Git repository; one at a URL is always pushed to. [default: .]"
    ),
    click.option("--path", "subpath", default="", metavar="DIR", help="Folder of the repository that counts."),
    click.option(
        "--namespace",
        metavar="NAME",
        callback=namespace_name,
        help="Namespace of APPLICATION and documents without one.",
    ),
    click.option(
        "--branch",
        metavar="NAME",
        default="",
        help="Commit on this new branch; of a repository at a URL, it may be there already.",
    ),
    click.option("--push", is_flag=True, help="Push the commit; when others were quicker, on top of theirs."),
    click.option("--pull-request", is_flag=True, help="Push to a branch of its own, and open a pull request."),
    click.option("--dry-run", is_flag=True, help="Show the diff and the message, and change nothing."),
)

commit_options = combined(
    click.option("--message", default="", metavar="TEXT", help="Begin the commit message with this."),
    click.option("--author", default="", metavar='"NAME <MAIL>"', help="Author. [default: Git's own]"),
    click.option("--sign", is_flag=True, help="Sign the commit. [default: as commit.gpgSign says]"),
    click.option("--evidence", default="", metavar="TEXT", help="Why: it is kept as the trailer Iter8-Evidence."),
)

access_options = combined(
    click.option(
        "--host-type",
        default="",
        metavar="github|gitlab|gitea",
        help="What kind of host pull requests are opened at. [default: by its name]",
    ),
    click.option(
        "--host-url", default="", metavar="URL", help="Web address of the host. [default: from the remote's URL]"
    ),
    click.option(
        "--host-token-file",
        type=_FILE,
        help=f"File with the token for pull requests. [default: the variable {HOST_TOKEN_VARIABLE}]",
    ),
    click.option("--git-username", metavar="NAME", help="User name for a repository at https://; a token needs none."),
    click.option(
        "--git-password-file",
        type=_FILE,
        help="File with a password or token for it. [default: the variable ITER8_GIT_TOKEN or ITER8_GIT_PASSWORD]",
    ),
    click.option("--ssh-key", type=_FILE, help="File with a private key for a repository at ssh://."),
    click.option("--known-hosts", type=_FILE, help="File with the only SSH host keys that are trusted."),
    click.option("--config", type=_FILE, help="Configuration with rules for more kinds, as the controller has it."),
)


def full_name(application: str, namespace: str | None) -> str:
    """`namespace/name` of an application that a person named."""
    own, _, name = application.rpartition("/")
    return f"{own or namespace or 'default'}/{name}"


@contextmanager
def opened_repository(options: Mapping[str, Any]) -> Iterator[Repository]:
    """The repository that is meant: the one around a folder, or one at a URL in a temporary folder."""
    from iter8_gitops.promotion.git.local import LocalRepository, is_bare
    from iter8_gitops.promotion.git.remote import UrlRepository
    from iter8_gitops.promotion.git.repository import Goal
    from iter8_gitops.sources.git.urls import looks_like_url

    goal = Goal(options["branch"], options["push"], options["pull_request"])
    if goal.propose and goal.branch:
        raise ConfigurationError("--pull-request pushes to a branch of its own: leave out --branch")
    location = options["repo"] or "."
    folder = Path(location).expanduser()
    is_url = looks_like_url(location) and not folder.exists()
    if not is_url and not folder.is_dir():
        message = f"--repo {location}: there is no such folder"
        raise ConfigurationError(message)
    if not is_url and not is_bare(folder):
        yield LocalRepository(folder, goal)
        return
    with tempfile.TemporaryDirectory(prefix="iter8-gitops-") as temporary:
        address = location if is_url else str(folder.absolute())
        yield UrlRepository(address, _credentials(options), Path(temporary), goal)


def committer(repository: Repository, kinds: KindTable, options: Mapping[str, Any]) -> Committer:
    """What commits to `repository`."""
    from iter8_gitops.promotion.committing import Committer
    from iter8_gitops.promotion.git.writing import Signing
    from iter8_gitops.sources.selection import normalize_subpath

    return Committer(
        repository,
        kinds,
        scope=normalize_subpath(options["subpath"]),
        namespace=options["namespace"],
        signing=Signing(options["author"], options["sign"]),
        tell=lambda sentence: click.echo(sentence, err=True),
    )


def host_opener(plugins: Plugins, options: Mapping[str, Any]) -> OpenHost:
    """What opens the host of a repository, with the token that was given."""

    def open_host(address: str) -> GitHost:
        from iter8_gitops.promotion.hosting import host_request

        token = _token(options["host_token_file"])
        request = host_request(address, token=token, kind=options["host_type"], server=options["host_url"])
        return plugins.open_git_host(request)

    return open_host


def _token(path: Path | None) -> str:
    from iter8_gitops.sources.git.given_files import read_given

    if path is not None:
        token = read_given(path, "the file with the token").decode("utf-8", "replace").strip()
    else:
        token = os.environ.get(HOST_TOKEN_VARIABLE, "").strip()
    if not token:
        message = f"--pull-request needs a token of the host: set {HOST_TOKEN_VARIABLE}, or give --host-token-file"
        raise ConfigurationError(message)
    return token


def _credentials(options: Mapping[str, Any]) -> Credentials:
    from iter8_gitops.contracts.source import Credentials

    password = os.environ.get("ITER8_GIT_TOKEN") or os.environ.get("ITER8_GIT_PASSWORD") or ""
    return Credentials(
        username=options["git_username"] or "",
        password="" if options["git_password_file"] else password,
        password_file=_absolute(options["git_password_file"]),
        ssh_key=_absolute(options["ssh_key"]),
        known_hosts=_absolute(options["known_hosts"]),
    )


def _absolute(path: Path | None) -> Path | None:
    return path.expanduser().absolute() if path is not None else None
