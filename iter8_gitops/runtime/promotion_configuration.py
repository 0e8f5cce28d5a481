"""The section `promotion` of a configuration: how the controller promotes, where a routemap says that it may."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

from iter8_gitops.contracts.promoter import PromotionSettings
from iter8_gitops.contracts.source import Credentials
from iter8_gitops.errors import ConfigurationError
from iter8_gitops.runtime.source_configuration import (
    PASSWORD_HINT,
    CredentialsDocument,
    PasswordDocument,
    credentials_of,
    no_inline_secret,
)
from iter8_gitops.secret_references import FromEnvironment, FromFile, SecretReference
from iter8_gitops.spec.complaints import Complaint, dotted
from iter8_gitops.spec.documents import Document, Step
from iter8_gitops.spec.fields import Strict

SECTION = "promotion"


class HostDocument(Strict):
    """Where pull requests are opened."""

    type: Annotated[str, Field(min_length=1)] | None = Field(
        default=None,
        description="What kind of host: github, gitlab, gitea, or one that a plugin knows; by default by its name.",
    )
    url: Annotated[str, Field(min_length=1)] | None = Field(
        default=None, description="Its web address; by default from the repository's URL."
    )
    token: Annotated[PasswordDocument, BeforeValidator(no_inline_secret)] | None = Field(
        default=None, description="The token that opens pull requests."
    )


class PromotionDocument(Strict):
    """How promotions are committed and proposed."""

    author: Annotated[str, Field(min_length=1)] | None = Field(
        default=None, description="Author of the commits, `Name <mail>`; by default whom Git is configured for."
    )
    sign: bool = Field(default=False, description="Whether the commits are signed.")
    credentials: CredentialsDocument | None = Field(
        default=None, description="What pushes; by default what the source is read with."
    )
    host: HostDocument | None = None


@dataclass(frozen=True, slots=True)
class PromotionConfiguration:
    """What a configuration says of promotions. Secrets are read when they are needed; paths are complete."""

    author: str = ""
    sign: bool = False
    credentials: Credentials | None = None
    password: FromEnvironment | None = None
    host_type: str = ""
    host_url: str = ""
    token: SecretReference | None = None

    def settings(self) -> PromotionSettings:
        """What promotions are made with. Raises `ConfigurationError` when the password that pushes is not there."""
        credentials = self.credentials
        if credentials is not None and self.password is not None:
            credentials = Credentials(
                credentials.username, self.password.read(), None, credentials.ssh_key, credentials.known_hosts
            )
        token: Callable[[], str] | None = self.token.read if self.token is not None else None
        return PromotionSettings(self.author, self.sign, credentials, self.host_type, self.host_url, token)


def promotion_configuration(document: Document, parsed: PromotionDocument | None) -> PromotionConfiguration:
    """What `document` says of promotions. Raises `ConfigurationError` with everything that is wrong."""
    if parsed is None:
        return PromotionConfiguration()
    paths: dict[tuple[Step, ...], PasswordDocument | None] = {
        (SECTION, "credentials", "password"): parsed.credentials.password if parsed.credentials else None,
        (SECTION, "host", "token"): parsed.host.token if parsed.host else None,
    }
    problems = [
        Complaint(path, "does not say where it is", PASSWORD_HINT).problem(document)
        for path, secret in paths.items()
        if secret is not None and (secret.from_env is None) == (secret.from_file is None)
    ]
    if problems:
        raise ConfigurationError("\n".join(map(str, problems)))
    credentials, password = credentials_of(document, parsed.credentials, (SECTION, "credentials"))
    host = parsed.host or HostDocument()
    return PromotionConfiguration(
        author=parsed.author or "",
        sign=parsed.sign,
        credentials=credentials,
        password=password,
        host_type=host.type or "",
        host_url=host.url or "",
        token=_reference(document, host.token, (SECTION, "host", "token")),
    )


def _reference(document: Document, secret: PasswordDocument | None, path: tuple[Step, ...]) -> SecretReference | None:
    if secret is None:
        return None
    line, column = document.position(*path)
    place = f"{document.file}:{line}:{column}: {dotted('', path)}"
    if secret.from_env is not None:
        return FromEnvironment(secret.from_env, place)
    return FromFile(Path(document.file).absolute().parent / Path(secret.from_file or "").expanduser(), place)
