"""A user name with a password, and how a Git command is given them.

Every user of a machine can read command lines, and what runs as the same user can read environments. So they travel
through a pipe that Git's children inherit, and a credential helper of one line reads them from there.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import quote

LONGEST_SECRET = 8192
"""In bytes. A pipe must hold the whole answer, more than once."""
_MOST_ANSWERS = 8
_HELPER = (
    '!f() {{ test "$1" = get || return 0; {{ IFS= read -r u && IFS= read -r p; }} </dev/fd/{descriptor} && '
    'printf "username=%s\\npassword=%s\\n" "$u" "$p"; }}; f'
)


@dataclass(frozen=True, slots=True)
class Login:
    """What is sent to a server that asks who is there. Neither part holds a line break."""

    username: str = field(repr=False)
    password: str = field(repr=False)

    def secrets(self) -> tuple[str, ...]:
        """Return every spelling that must not be shown, longest first.

        Without a password the user name is the secret: that is how access tokens are written.
        """
        secret = self.password or self.username
        pair = f"{self.username}:{self.password}"
        spellings = {secret, quote(secret), quote(secret, safe=""), pair}
        spellings.add(base64.b64encode(pair.encode()).decode())
        return tuple(sorted(spellings - {""}, key=lambda spelling: (-len(spelling), spelling)))


def helper_settings(origin: str, descriptor: int) -> tuple[str, ...]:
    """Return the settings that make Git ask the helper, for `origin` (scheme, host and port) alone."""
    return (
        # The empty value drops the person's helpers for this host: they would be told to store the secret.
        f"credential.{origin}.helper=",
        f"credential.{origin}.helper={_HELPER.format(descriptor=descriptor)}",
    )


@contextmanager
def piped(login: Login) -> Iterator[int]:
    """Yield the descriptor of a pipe that holds the answer of the helper.

    It holds the answer several times over, because Git asks again when a server sends it to another path.
    """
    answer = f"{login.username}\n{login.password}\n".encode()
    reading, writing = os.pipe()
    try:
        try:
            os.set_blocking(writing, False)
            for _ in range(_MOST_ANSWERS):
                if os.write(writing, answer) < len(answer):
                    break
        except BlockingIOError:
            pass  # The pipe is full, and holds some answers.
        finally:
            os.close(writing)
        yield reading
    finally:
        os.close(reading)
