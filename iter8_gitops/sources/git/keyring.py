"""A keyring of gpg that holds the trusted keys and nothing else."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from iter8_gitops.errors import SourceUnavailableError
from iter8_gitops.sources.git.given_files import read_given
from iter8_gitops.sources.selection import printable

_SECONDS = 30.0
# No daemon is started, no key is looked for elsewhere, and a key counts because a person put it into the file.
_SETTINGS = """\
no-autostart
no-auto-key-retrieve
no-auto-key-locate
trust-model always
lock-never
no-random-seed-file
"""


def make_keyring(home: Path, keys: Path | None) -> None:
    """Make `home`, in the place of what was there, a home of gpg with the OpenPGP public keys in the file `keys`.

    Raises SourceUnavailableError when there is no gpg, or no key in the file, and OSError.
    """
    if home.exists():
        shutil.rmtree(home)
    home.mkdir(mode=0o700)
    (home / "gpg.conf").write_text(_SETTINGS)
    if keys is None:
        return
    shown = printable(str(keys))
    content = read_given(keys, "the file of OpenPGP keys")
    program = shutil.which("gpg")
    if program is None:
        raise SourceUnavailableError("verifying OpenPGP signatures needs the gpg program; install gnupg")
    command = [program, "--homedir", str(home), "--batch", "--no-tty", "--status-fd=1", "--import"]
    try:
        done = subprocess.run(command, input=content, capture_output=True, check=False, timeout=_SECONDS)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        message = f"gpg cannot read the keys in {shown}"
        raise SourceUnavailableError(message) from error
    if b"[GNUPG:] IMPORT_OK" not in done.stdout:
        message = f"the file {shown} holds no OpenPGP public key"
        raise SourceUnavailableError(message)
