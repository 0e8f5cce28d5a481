"""Running Git, in the repository of a person and with a repository at a URL."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from git import Git
from git.exc import GitError

from iter8_gitops.errors import ConfigurationError, SourceUnavailableError, UnavailableError
from iter8_gitops.sources.git.access import NOTHING, Access, Grant
from iter8_gitops.sources.git.environment import UPLOAD_PACK
from iter8_gitops.sources.git.failures import explain, redact
from iter8_gitops.sources.git.process import GitCommands, GitFailedError
from iter8_gitops.sources.git.urls import GitUrl

REMOTE_SECONDS = 600.0
"""The timeout of commands that talk to a remote. A person may have to type a passphrase meanwhile."""
_LOCAL_SECONDS = 120.0
_SECRETS = ("ITER8_GIT_HOST_TOKEN", "ITER8_GIT_TOKEN", "ITER8_GIT_PASSWORD")
_OTHER_REPOSITORY = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE")


class Commands(Protocol):
    """Git on one repository. Every method raises `GitFailedError`, and `UnavailableError` when the time is over."""

    def run(self, *arguments: str, data: bytes = b"", environment: Mapping[str, str] | None = None) -> bytes:
        """Run `git ARGUMENTS`, with `data` as its standard input and more variables; returns its standard output."""
        ...

    def reach(self, *arguments: str, operands: Sequence[str] = ()) -> bytes:
        """Run `git ARGUMENTS -- REMOTE OPERANDS`."""
        ...


class LocalCommands:
    """Git in the repository around `folder`, as the person who runs it has configured it: also hooks and helpers.

    It may ask for a passphrase. `remote` is the name of the remote that `reach` means. Raises `ConfigurationError` when
    the environment means another repository, as below a Git hook.
    """

    def __init__(self, folder: Path, remote: str = "") -> None:
        self.folder = folder
        self.remote = remote
        for name in _OTHER_REPOSITORY:
            if name in os.environ:
                message = f"the variable {name} is set, as it is below Git hooks: unset it first"
                raise ConfigurationError(message)

    def run(self, *arguments: str, data: bytes = b"", environment: Mapping[str, str] | None = None) -> bytes:
        """See `Commands.run`."""
        return self._run(arguments, data, environment, _LOCAL_SECONDS)

    def reach(self, *arguments: str, operands: Sequence[str] = ()) -> bytes:
        """See `Commands.reach`."""
        return self._run((*arguments, "--", self.remote, *operands), b"", None, REMOTE_SECONDS)

    def _run(
        self, arguments: Sequence[str], data: bytes, environment: Mapping[str, str] | None, timeout: float
    ) -> bytes:
        git = Git(self.folder)
        try:
            handle = git.execute(
                [git.GIT_PYTHON_GIT_EXECUTABLE or "git", *arguments],
                istream=subprocess.PIPE,
                as_process=True,
                env={**{name: "" for name in _SECRETS if name in os.environ}, **(environment or {})},
            )
        except (GitError, OSError) as error:
            raise ConfigurationError("the git program cannot be started") from error
        process = handle.proc
        if process is None:
            raise ConfigurationError("the git program cannot be started")
        try:
            output, errors = process.communicate(data, timeout=timeout)
        except BaseException as error:
            _end(process)
            if isinstance(error, subprocess.TimeoutExpired):
                message = f"git {arguments[0]} was not done after {timeout:g} seconds"
                raise UnavailableError(message) from None
            raise
        if process.returncode != 0:
            raise GitFailedError(redact(errors.decode("utf-8", "replace"), ()))
        return bytes(output)


class UrlCommands:
    """Git on the bare `repository` of ours, which stands for the one at `url`. No hooks, no prompts."""

    def __init__(self, repository: Path, url: GitUrl, access: Access) -> None:
        self._url = url
        self._access = access
        self._commands = GitCommands(repository.parent, repository, threading.Event())

    def run(self, *arguments: str, data: bytes = b"", environment: Mapping[str, str] | None = None) -> bytes:
        """See `Commands.run`."""
        grant = Grant(environment=environment) if environment else NOTHING
        return self._run(arguments, data, _LOCAL_SECONDS, grant)

    def reach(self, *arguments: str, operands: Sequence[str] = ()) -> bytes:
        """See `Commands.reach`."""
        service = (f"--upload-pack={UPLOAD_PACK}",) if self._url.is_local and arguments[0] != "push" else ()
        try:
            with self._access.granted() as grant:
                return self._run((*arguments, *service, "--", self._url.address, *operands), b"", REMOTE_SECONDS, grant)
        except SourceUnavailableError as error:
            raise UnavailableError(str(error)) from error

    def _run(self, arguments: Sequence[str], data: bytes, timeout: float, grant: Grant) -> bytes:
        try:
            return self._commands.run(*arguments, data=data, timeout=timeout, grant=grant)
        except SourceUnavailableError as error:
            raise UnavailableError(str(error)) from error


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def said(output: bytes) -> str:
    """What a command printed, as text without the line break at its end."""
    return output.decode("utf-8", "surrogateescape").strip()


def failure(what: str, error: GitFailedError) -> UnavailableError:
    """The error to raise when a command fails that should not."""
    return UnavailableError(f"{what}: {explain(error.stderr)}")
