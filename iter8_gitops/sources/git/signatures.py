"""Says why a signature does not count, from what Git passes on of gpg's and ssh-keygen's words. Pure."""

from __future__ import annotations

import re

# The first pattern that is found tells most. What gpg says is the status lines of its doc/DETAILS; git and ssh-keygen
# speak English, because GitPython runs Git in the C locale.
_REASONS = tuple(
    (re.compile(pattern), reason)
    for pattern, reason in (
        (r"cannot run gpg\b", "carries an OpenPGP signature, and the gpg program is not installed"),
        (r"cannot run ssh-keygen\b", "carries an SSH signature, and the ssh-keygen program is not installed"),
        (r"\[GNUPG:\] BADSIG", "carries a signature that does not fit its content"),
        (r"\[GNUPG:\] EXPSIG", "carries a signature that has expired"),
        (r"\[GNUPG:\] EXPKEYSIG \S+ (.*)", "is signed with a key that has expired ({0})"),
        (r"\[GNUPG:\] REVKEYSIG \S+ (.*)", "is signed with a key that was revoked ({0})"),
        (r"\[GNUPG:\] NO_PUBKEY (\S+)", "is signed with a key that is not among the trusted ones (OpenPGP key {0})"),
        (r"\[GNUPG:\] (?:ERRSIG|FAILURE|UNEXPECTED|NODATA)", "carries an OpenPGP signature that gpg cannot read"),
        (r"(?i)signature verification failed|incorrect signature", "carries a signature that does not fit its content"),
        (
            r'Good "git" signature with (\S+) key (\S+)[\s\S]*No principal matched',
            "is signed with a key that is not among the trusted ones ({0} key {1}), or was not at that time",
        ),
        (r"No principal matched|Could not verify signature", "carries an SSH signature that ssh-keygen cannot verify"),
        (r"multiple signatures|malformed", "carries more than one signature, or a malformed one"),
    )
)


def why_unverified(output: str) -> str:
    """Return what is wrong with a signed object, to follow its name: `is not signed`, or `carries ..`."""
    for pattern, reason in _REASONS:
        if found := pattern.search(output):
            return reason.format(*found.groups())
    if not output.strip() or "no signature found" in output:
        return "is not signed"
    return "carries a signature of a kind that cannot be verified here"
