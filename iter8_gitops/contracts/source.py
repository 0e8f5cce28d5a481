"""What every source promises to the reconcile loop."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from iter8_gitops.spec.tree import SourceFailure, SourceTree


@runtime_checkable
class Source(Protocol):
    """A place that routemaps come from.

    A source is cheap to construct: it touches neither disk nor network before `deliveries` is iterated.
    """

    @property
    def name(self) -> str:
        """The identifier of this source, unique within a process; every delivery carries it."""
        ...

    @property
    def location(self) -> str:
        """Where the source reads from, in words for people. Holds no secret."""
        ...

    def deliveries(self, stop: threading.Event) -> Iterator[SourceTree | SourceFailure]:
        """Yield the first tree as soon as there is one, then go on until `stop` is set.

        Each look at the source yields exactly one value: a new `SourceTree` after a change, the
        identical object (`is`) when nothing changed, or a `SourceFailure` when the look failed. A source that knows
        what changed makes the new tree with `SourceTree.successor`; any other is compared file by file. The
        last tree stays in force during failures; the next tree, even an identical one, ends them.
        Looks that fail to reach the place are repeated with exponential backoff and jitter.

        Blocks between looks. Ends within about a second after `stop` is set, also when a remote hangs.
        """
        ...


@dataclass(frozen=True, slots=True)
class Credentials:
    """What proves to a server who asks. Files are read at each use, so that what they hold can be rotated.

    `password` (a password or a token) may come from the environment of the process, which is for every source: it is
    left unused where none is asked for. `password_file` holds one on its first line; only one of the two is given.
    `username` may stay empty for a token. `ssh_key` is a private key without a passphrase, and `known_hosts` the only
    host keys that are trusted; without it those of the person who runs the process are.
    """

    username: str = ""
    password: str = field(default="", repr=False)
    password_file: Path | None = None
    ssh_key: Path | None = None
    known_hosts: Path | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """Who must have signed a revision for it to take effect: one key of either file. At least one is given.

    `ssh_signers` lists allowed signers as `ssh-keygen -Y verify` reads them; `gpg_keys` holds OpenPGP public keys,
    armored or not. Both are read at each use.
    """

    ssh_signers: Path | None = None
    gpg_keys: Path | None = None


@dataclass(frozen=True, slots=True)
class SourceRequest:
    """What a person asked to read routemaps from; see the options of the CLI.

    `location` is as it was given: a URL, a path, or whatever a plugin knows. `revision` is a branch, a tag, a range of
    version tags or a commit, `subpath` a folder in it, `interval` the seconds between two looks; None and "" leave
    them to the source. `cache` is a folder that the source may use, and that survives a restart. `read_before` says
    that a controller ran with this state before, so that a location that is away is no mistake.

    `credentials` and `verification` are refused by a source that has no use for them. `nudges` is a file that another
    process touches to ask for a look at once; it need not exist yet.
    """

    location: str
    name: str
    cache: Path
    revision: str | None = None
    subpath: str = ""
    interval: float | None = None
    read_before: bool = False
    credentials: Credentials | None = None
    verification: Verification | None = None
    nudges: Path | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    """A source and what it is good for: `routemaps`, `resources` (it stands for a cluster), or both."""

    source: Source
    routemaps: bool = True
    resources: bool = False
