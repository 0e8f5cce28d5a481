"""A source that follows a branch, a tag or a commit of a Git repository."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from pathlib import Path

from git import Git
from git.exc import UnsafeProtocolError

from iter8_gitops.contracts.source import Credentials, Verification
from iter8_gitops.errors import ConfigurationError, SourceUnavailableError
from iter8_gitops.sources.backoff import Backoff
from iter8_gitops.sources.git.access import Access
from iter8_gitops.sources.git.failures import explain
from iter8_gitops.sources.git.fetching import Fetcher
from iter8_gitops.sources.git.mirror import Mirror
from iter8_gitops.sources.git.nudges import Nudges
from iter8_gitops.sources.git.process import GitCommands, GitFailedError, StoppedError
from iter8_gitops.sources.git.reading import CommitReader
from iter8_gitops.sources.git.refs import parse_ref
from iter8_gitops.sources.git.remote import Remote
from iter8_gitops.sources.git.session import GitSession, UnusableCommitError
from iter8_gitops.sources.git.urls import parse_git_url
from iter8_gitops.sources.git.verification import Verifier, check_verification, trust_of
from iter8_gitops.sources.selection import Limits, normalize_subpath
from iter8_gitops.spec.tree import SourceFailure, SourceTree

FIRST_RETRY_SECONDS = 1.0
LONGEST_RETRY_SECONDS = 300.0


class GitSource:
    """Delivers the YAML files below `subpath` at the commit that `revision` leads to.

    `url` is a local path, `file://`, `https://`, `http://`, `ssh://` or `user@host:path`. A user and
    password in it are used for that host alone and never shown; without a password, the user is taken
    to be an access token. `revision` is a branch, a tag, `semver:RANGE`, a full commit id or a full ref name;
    None follows the default branch. Only commits count: uncommitted changes of a local repository do not.

    `cache` is a folder for mirrors of repositories. After a restart the tree that was delivered last
    comes first, from there, before the remote is asked. `interval` is the time between looks and
    `timeout` the time to wait for an answer, in seconds. With `verification`, only what was signed takes effect.
    For `credentials` and `nudges` see `SourceRequest`. Raises ConfigurationError for what can never work.
    """

    def __init__(
        self,
        url: str,
        *,
        cache: Path,
        revision: str | None = None,
        subpath: str = "",
        interval: float = 10.0,
        name: str | None = None,
        timeout: float = 30.0,
        backoff: Backoff | None = None,
        limits: Limits | None = None,
        credentials: Credentials | None = None,
        verification: Verification | None = None,
        nudges: Path | None = None,
    ) -> None:
        if not (math.isfinite(interval) and interval > 0):
            message = f"the polling interval must be a positive number of seconds, not {interval}"
            raise ConfigurationError(message)
        self._url = parse_git_url(url)
        try:
            Git.check_unsafe_protocols(self._url.address)
        except UnsafeProtocolError as error:
            raise ConfigurationError("the Git address uses a transport that may not be used") from error
        self._access = Access(self._url, credentials)
        if verification is not None:
            check_verification(verification)
        self._verification = verification
        self._nudges = nudges
        self._ref = parse_ref(revision)
        self._subpath = normalize_subpath(subpath)
        self._cache = cache
        self._interval = interval
        self._timeout = timeout
        self._backoff = backoff or Backoff(first=FIRST_RETRY_SECONDS, base=interval, ceiling=LONGEST_RETRY_SECONDS)
        self._limits = limits or Limits()
        folder = f", path {self._subpath}" if self._subpath else ""
        self._location = f"git {self._url.shown} ({self._ref.shown}{folder})"
        self._name = name or self._location

    @property
    def name(self) -> str:
        """The identifier of this source."""
        return self._name

    @property
    def location(self) -> str:
        """The repository, the ref and the path, for people; without user and password."""
        return self._location

    def deliveries(self, stop: threading.Event) -> Iterator[SourceTree | SourceFailure]:
        """Yield a tree or a failure after each look, as `Source.deliveries` says."""
        session: GitSession | None = None
        nudges = Nudges(self._nudges, stop)
        while not stop.is_set():
            reached = False
            nudges.look_begins()
            try:
                if session is None:
                    session = self._open(stop)
                    last_good = session.last_good()
                    if last_good is not None:
                        yield last_good
                delivery: SourceTree | SourceFailure = session.look()
                reached = True
            except StoppedError:
                return
            except SourceUnavailableError as error:
                reached = isinstance(error, UnusableCommitError)
                delivery = SourceFailure(self._name, str(error))
            except GitFailedError as error:
                delivery = self._cache_failure(explain(error.stderr))
            except OSError as error:
                delivery = self._cache_failure((error.strerror or type(error).__name__).lower())
            yield delivery
            nudges.wait(self._delay_after(reached=reached))

    @property
    def has_mirror(self) -> bool:
        """True when this repository has been fetched before, by anybody with the same cache."""
        return self._mirror_path.exists()

    @property
    def _mirror_path(self) -> Path:
        return self._cache.absolute() / f"{self._url.digest}.git"

    def _delay_after(self, *, reached: bool) -> float:
        """Return the seconds until the next look; a remote that could not be reached is spared."""
        if not reached:
            return self._backoff.next_delay()
        self._backoff.reset()
        return self._interval

    def _cache_failure(self, reason: str) -> SourceFailure:
        return SourceFailure(self._name, f"cannot use the cache of {self._url.shown} in {self._cache}: {reason}")

    def _open(self, stop: threading.Event) -> GitSession:
        self._cache.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._mirror_path
        commands = GitCommands(path.parent, path, stop)
        mirror = Mirror(path, self._ref.digest, commands, trust_of(self._verification))
        remote = Remote(self._url, self._access, commands, self._timeout)
        fetcher = Fetcher(remote, mirror, partial=bool(self._subpath))
        reader = CommitReader(commands, mirror, self._name, self._subpath, self._limits)
        verifier = Verifier(self._verification, mirror, commands) if self._verification else None
        return GitSession(self._url.shown, self._ref, remote, mirror, fetcher, reader, verifier)
