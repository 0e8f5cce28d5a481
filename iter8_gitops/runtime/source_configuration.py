"""The section `sources` of a configuration: places that routemaps are read from, beside PATH|URL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from iter8_gitops.contracts.source import Credentials, SourceRequest, Verification
from iter8_gitops.errors import ConfigurationError
from iter8_gitops.secret_references import FromEnvironment
from iter8_gitops.spec import names
from iter8_gitops.spec.complaints import Complaint, dotted
from iter8_gitops.spec.documents import Document, Step
from iter8_gitops.spec.fields import Duration, Strict, only
from iter8_gitops.spec.problem import Code, Problem
from iter8_gitops.spec.state_folder import StateFolder
from iter8_gitops.spec.wording import abridged, kind_of

SECTION = "sources"
RESERVED_NAMES = ("routemaps", "configmaps", "cluster")
"""Of the source at PATH|URL, of the cluster's ConfigMaps, and of the view of the cluster."""

_LEAST_INTERVAL, _MOST_INTERVAL = 0.1, 86_400.0
PASSWORD_HINT = "write {fromEnv: NAME} or {fromFile: PATH}"  # noqa: S105 - the form of one, not one


def no_inline_secret(value: Any) -> Any:
    """A check that never repeats the value, which may be a secret."""
    if isinstance(value, dict):
        return value
    said = "must not be written here" if isinstance(value, str) else f"must be a mapping, not {kind_of(value)}"
    raise PydanticCustomError("rule", "{said}", {"said": said, "hint": PASSWORD_HINT})


def _is_interval(seconds: float) -> float:
    if not _LEAST_INTERVAL <= seconds <= _MOST_INTERVAL:
        said, hint = "must be from 100ms to 24h", "write a duration such as 30s"
        raise PydanticCustomError("rule", "{said}", {"said": said, "hint": hint})
    return seconds


SourceName = Annotated[str, only(names.is_namespace, "name", names.namespace_hint)]
Interval = Annotated[Duration, AfterValidator(_is_interval)]
Text = Annotated[str, Field(min_length=1)]


class PasswordDocument(Strict):
    """Where a password or token is: in a variable of the environment, or in a file."""

    from_env: Text | None = Field(default=None, description="Variable of the controller's environment.")
    from_file: Text | None = Field(default=None, description="File that is read at each use.")


class CredentialsDocument(Strict):
    """What proves to the server who asks."""

    username: Text | None = Field(default=None, description="User name for https://; a token needs none.")
    password: Annotated[PasswordDocument, BeforeValidator(no_inline_secret)] | None = Field(
        default=None, description="Password or token for https://."
    )
    ssh_key: Text | None = Field(default=None, description="File with a private key without a passphrase.")
    known_hosts: Text | None = Field(default=None, description="File with the only host keys that are trusted.")


class VerificationDocument(Strict):
    """Who must have signed a commit for it to take effect."""

    ssh_signers: Text | None = Field(default=None, description="File with allowed signers, as ssh-keygen reads it.")
    gpg_keys: Text | None = Field(default=None, description="File with OpenPGP public keys.")


class SourceDocument(Strict):
    """A place that routemaps are read from."""

    name: SourceName = Field(description="What people see; each source has its own.")
    location: Text = Field(description="URL of a Git repository, or a path on this machine.")
    revision: Text | None = Field(default=None, description="Branch, tag, commit, or semver:RANGE.")
    path: str = Field(default="", description="Folder in it.")
    interval: Interval | None = Field(default=None, description="How often a Git repository is looked at.")
    credentials: CredentialsDocument | None = None
    verify: VerificationDocument | None = None


@dataclass(frozen=True, slots=True)
class SourceConfiguration:
    """One source that is asked for. `password` is read when the source is opened; paths are complete.

    `place` is where the configuration says so.
    """

    place: str
    name: str
    location: str
    revision: str | None
    subpath: str
    interval: float | None
    credentials: Credentials | None
    password: FromEnvironment | None
    verification: Verification | None

    def request(self, state: StateFolder) -> SourceRequest:
        """What the source is opened with. Raises `ConfigurationError` when its password is not there."""
        credentials = self.credentials
        if credentials is not None and self.password is not None:
            credentials = Credentials(
                credentials.username, self.password.read(), None, credentials.ssh_key, credentials.known_hosts
            )
        return SourceRequest(
            self.location,
            name=self.name,
            cache=state.git,
            revision=self.revision,
            subpath=self.subpath,
            interval=self.interval,
            read_before=state.board.exists(),
            credentials=credentials,
            verification=self.verification,
            nudges=state.nudges,
        )


def source_configurations(document: Document, parsed: Sequence[SourceDocument]) -> tuple[SourceConfiguration, ...]:
    """The sources that `document` asks for. Raises `ConfigurationError` with everything that is wrong.

    Relative paths of files begin at the folder of the document.
    """
    problems = [*_name_problems(document, parsed), *_secret_problems(document, parsed)]
    if problems:
        raise ConfigurationError("\n".join(map(str, problems)))
    return tuple(_configuration(document, index, each) for index, each in enumerate(parsed))


def _name_problems(document: Document, parsed: Sequence[SourceDocument]) -> Iterator[Problem]:
    used: dict[str, int] = {}
    for index, each in enumerate(parsed):
        path = (SECTION, index, "name")
        first = used.setdefault(each.name, index)
        if first != index:
            said = f"has the name of {SECTION}[{first}]: `{abridged(each.name)}`"
            yield Complaint(path, said, "give each its own name", code=Code.DUPLICATE).problem(document)
        elif each.name in RESERVED_NAMES:
            hint = f"choose one that is not among {', '.join(RESERVED_NAMES)}"
            yield Complaint(path, f"is the name of another source: `{each.name}`", hint).problem(document)


def _secret_problems(document: Document, parsed: Sequence[SourceDocument]) -> Iterator[Problem]:
    for index, each in enumerate(parsed):
        password = each.credentials.password if each.credentials else None
        if password is not None and (password.from_env is None) == (password.from_file is None):
            path = (SECTION, index, "credentials", "password")
            yield Complaint(path, "does not say where it is", PASSWORD_HINT).problem(document)
        if each.verify is not None and each.verify.ssh_signers is None and each.verify.gpg_keys is None:
            hint = "name a file with sshSigners, with gpgKeys, or both"
            yield Complaint((SECTION, index, "verify"), "does not say by whom", hint).problem(document)


def _configuration(document: Document, index: int, parsed: SourceDocument) -> SourceConfiguration:
    folder = Path(document.file).absolute().parent
    credentials, password = credentials_of(document, parsed.credentials, (SECTION, index, "credentials"))
    return SourceConfiguration(
        place=_place(document, SECTION, index),
        name=parsed.name,
        location=parsed.location,
        revision=parsed.revision,
        subpath=parsed.path,
        interval=parsed.interval,
        credentials=credentials,
        password=password,
        verification=None
        if parsed.verify is None
        else Verification(_file(folder, parsed.verify.ssh_signers), _file(folder, parsed.verify.gpg_keys)),
    )


def credentials_of(
    document: Document, given: CredentialsDocument | None, path: tuple[Step, ...]
) -> tuple[Credentials | None, FromEnvironment | None]:
    """The credentials at `path` of `document`, and the variable that holds their password, if one does."""
    if given is None:
        return None, None
    folder, password = Path(document.file).absolute().parent, given.password
    reference = None
    if password is not None and password.from_env is not None:
        reference = FromEnvironment(password.from_env, _place(document, *path, "password"))
    credentials = Credentials(
        username=given.username or "",
        password_file=_file(folder, password.from_file) if password else None,
        ssh_key=_file(folder, given.ssh_key),
        known_hosts=_file(folder, given.known_hosts),
    )
    return credentials, reference


def _file(folder: Path, written: str | None) -> Path | None:
    return None if written is None else folder / Path(written).expanduser()


def _place(document: Document, *path: str | int) -> str:
    line, column = document.position(*path)
    return f"{document.file}:{line}:{column}: {dotted('', path)}"
