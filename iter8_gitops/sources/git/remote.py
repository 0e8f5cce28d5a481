"""Runs the Git commands that talk to a remote repository, with what lets them in."""

from __future__ import annotations

from collections.abc import Sequence

from iter8_gitops.errors import SourceUnavailableError
from iter8_gitops.sources.git.access import Access
from iter8_gitops.sources.git.environment import UPLOAD_PACK
from iter8_gitops.sources.git.process import GitCommands
from iter8_gitops.sources.git.urls import GitUrl


class RemoteError(SourceUnavailableError):
    """The remote could not be asked, or does not have what was asked for."""


class Remote:
    """The repository at `url`. `timeout` is in seconds, for one question."""

    def __init__(self, url: GitUrl, access: Access, commands: GitCommands, timeout: float) -> None:
        self.url = url
        self.timeout = timeout
        self._access = access
        self._commands = commands

    def run(
        self,
        *command: str,
        operands: Sequence[str] = (),
        data: bytes = b"",
        timeout: float | None = None,
        keep_open: Sequence[int] = (),
    ) -> bytes:
        """Run `git COMMAND -- ADDRESS OPERANDS`; the rest is as for `GitCommands.run`.

        Raises GitFailedError, StoppedError, and RemoteError when the time is over or credentials cannot be read.
        """
        service = (f"--upload-pack={UPLOAD_PACK}",) if self.url.is_local else ()
        arguments = (*command, *service, "--", self.url.address, *operands)
        seconds = self.timeout if timeout is None else timeout
        try:
            with self._access.granted() as grant:
                return self._commands.run(*arguments, data=data, timeout=seconds, keep_open=keep_open, grant=grant)
        except SourceUnavailableError as error:
            raise RemoteError(str(error)) from error
