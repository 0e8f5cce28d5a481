"""Runs Git commands that can be stopped at any moment, through GitPython."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from git import Git
from git.exc import GitError

from iter8_gitops.errors import SourceUnavailableError
from iter8_gitops.sources.git.access import NOTHING, Grant
from iter8_gitops.sources.git.environment import git_environment, git_settings
from iter8_gitops.sources.git.failures import redact
from iter8_gitops.sources.git.ssh import default_environment

_LOOK_SECONDS = 0.1
LOCAL_SECONDS = 120.0
"""The timeout of commands that read and write nothing but the cache."""


class GitFailedError(Exception):
    """A command ended with an error; `stderr` is what it wrote, without the secrets that it was given."""

    def __init__(self, stderr: str) -> None:
        super().__init__("git failed")
        self.stderr = stderr


class StoppedError(Exception):
    """The source is being stopped, so the command was ended."""


class GitCommands:
    """Runs commands on the bare `repository`, from the folder `here`.

    A command is killed, with every process that it started, when it takes too long or `stop` is set.
    """

    def __init__(self, here: Path, repository: Path, stop: threading.Event) -> None:
        self._here = here
        self._stop = stop
        self._environment = git_environment(repository, os.environ)
        if not self._has_own_ssh():
            self._environment |= default_environment(os.environ)

    def run(
        self,
        *arguments: str,
        data: bytes = b"",
        timeout: float = LOCAL_SECONDS,
        keep_open: Sequence[int] = (),
        grant: Grant = NOTHING,
    ) -> bytes:
        """Run `git ARGUMENTS` with `data` as its standard input, and return its standard output.

        `timeout` is in seconds; the file descriptors `keep_open` are inherited; `grant` is what lets it reach a
        remote. Raises GitFailedError, StoppedError, and SourceUnavailableError when the time is over or Git cannot
        be started.
        """
        git = Git(self._here)
        settings = (option for setting in (*git_settings(), *grant.settings) for option in ("-c", setting))
        try:
            with _holding(data) as source:
                handle = git.execute(
                    [git.GIT_PYTHON_GIT_EXECUTABLE or "git", *settings, *arguments],
                    istream=source,
                    as_process=True,
                    env={**self._environment, **grant.environment},
                    start_new_session=True,  # No terminal to ask questions on, and one group to kill.
                    pass_fds=(*keep_open, *grant.descriptors),
                )
        except (GitError, OSError) as error:
            raise SourceUnavailableError("the git program cannot be started") from error
        process = handle.proc
        if process is None:
            raise SourceUnavailableError("the git program cannot be started")
        try:
            output, errors = self._communicate(process, timeout)
        except BaseException:
            _kill(process)
            raise
        if process.returncode != 0:
            raise GitFailedError(redact(errors.decode("utf-8", "replace"), grant.secrets))
        return output

    def wait(self, seconds: float) -> None:
        """Sleep. Raises StoppedError as soon as the source is being stopped."""
        if self._stop.wait(seconds):
            raise StoppedError

    def _has_own_ssh(self) -> bool:
        try:
            return bool(self.run("config", "--get", "core.sshCommand"))
        except GitFailedError:
            return False

    def _communicate(self, process: subprocess.Popen[bytes], timeout: float) -> tuple[bytes, bytes]:
        deadline = time.monotonic() + timeout
        while True:
            try:
                return process.communicate(timeout=_LOOK_SECONDS)
            except subprocess.TimeoutExpired:
                if self._stop.is_set():
                    raise StoppedError from None
                if time.monotonic() > deadline:
                    message = f"no answer within {timeout:g} seconds"
                    raise SourceUnavailableError(message) from None


@contextlib.contextmanager
def _holding(data: bytes) -> Iterator[int]:
    """The descriptor of a file to read `data` from: Popen forgets what a pipe had not taken at the first timeout."""
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        file.seek(0)
        yield file.fileno()


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()
