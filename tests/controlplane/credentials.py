"""Who may talk to a control plane: its token users, its signing key, and kubeconfig files."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Iterable
from pathlib import Path

import yaml

ADMIN = "admin"
"""The user that may do everything."""


class Credentials:
    """Token users of one control plane, with their files in `folder`. "admin" is in the group system:masters."""

    def __init__(self, folder: Path, users: Iterable[str]) -> None:
        self.folder = folder
        self.tokens = {user: secrets.token_hex(16) for user in (ADMIN, *users)}
        self.token_file = folder / "tokens.csv"
        self.token_file.write_text(
            "".join(
                f'{token},{user},{user},"{"system:masters" if user == ADMIN else "testers"}"\n'
                for user, token in self.tokens.items()
            )
        )
        self.signing_key = folder / "service-accounts.pem"
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-f", str(self.signing_key)],
            check=True,
        )

    def kubeconfig(self, user: str, server: str, ca: Path, namespace: str) -> Path:
        """Write a kubeconfig file for `user`; each call writes a new one."""
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": {"server": server, "certificate-authority": str(ca)}}],
            "users": [{"name": user, "user": {"token": self.tokens[user]}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": user, "namespace": namespace}}],
            "current-context": "test",
        }
        path = self.folder / f"kubeconfig-{user}-{secrets.token_hex(4)}.yaml"
        path.write_text(yaml.safe_dump(content))
        return path
