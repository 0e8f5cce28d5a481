"""The board as clients receive it, in JSON: what an assignment needs, and no more unless they ask for it.

The keys are public (see `docs/api.md`): readers skip keys that they do not know, and a key that is left out has its
default. The same document is an answer of a server, a file that a client follows, and what a client keeps on disk.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import msgspec
from msgspec import Meta, Raw, Struct, field
from msgspec.structs import asdict

from iter8_gitops.core.news import News
from iter8_gitops.spec.codec import decode_source, decode_state, encode_source, encode_state
from iter8_gitops.spec.routemap import NO_TARGETING, Origin, Targeting
from iter8_gitops.spec.snapshot import Predecessor, RoutemapState, SourceStatus, VersionState

CONTROLLER_AGE_HEADER = "Iter8-Controller-Age"
"""Seconds since the controller was last heard of, by the clock of the server that answers."""

_Count = Annotated[int, Meta(ge=0, le=2**53)]
_Name = Annotated[str, Meta(min_length=1, max_length=512)]
_APPLICATIONS_AT_ONCE = 20
_ABSENT = Raw(b"null")


class WireVersion(Struct, rename="camel", omit_defaults=True, frozen=True):
    """One version; its index is its place in the list."""

    name: str
    weight: _Count
    signature: str = ""
    available: bool = True


class WireApplication(Struct, rename="camel", omit_defaults=True, frozen=True):
    """One application. `sequence` is when it last changed."""

    namespace: _Name
    name: _Name
    sequence: _Count
    versions: Annotated[tuple[WireVersion, ...], Meta(min_length=1)]
    salt: str = ""
    targeting: Targeting = NO_TARGETING
    epoch: int = 0
    experiment: int = 0
    source: str = ""


class WholeApplication(WireApplication, rename="camel", omit_defaults=True, frozen=True):
    """An application with all that the board knows of it, in the form of `spec.codec`, if that was asked for."""

    state: Raw = field(default_factory=lambda: _ABSENT)


class WireRemoval(Struct, rename="camel", frozen=True):
    """An application that is gone since `sequence`."""

    application: _Name
    sequence: _Count


class WireSource(Struct, rename="camel", omit_defaults=True, frozen=True):
    """What staleness needs to know of a source."""

    name: str
    location: str
    read_at: float | None = None
    failing_since: float | None = None
    message: str = ""
    resources: bool = False


class WholeSource(WireSource, rename="camel", omit_defaults=True, frozen=True):
    """A source with all that the board knows of it, in the form of `spec.codec`, if that was asked for."""

    status: Raw = field(default_factory=lambda: _ABSENT)


class WirePredecessor(Struct, rename="camel", frozen=True):
    """A board that this one goes on from."""

    board: str
    until: _Count


class WireNews(Struct, rename="camel", omit_defaults=True, frozen=True):
    """The board, or what is new on it. The controller's last sign of life, which moves alone, travels beside it."""

    board: str
    sequence: _Count
    complete: bool
    applications: list[Raw]
    since: _Count = 0
    removed: tuple[WireRemoval, ...] = ()
    sources: list[Raw] | None = None
    floor: _Count = 0
    sources_at: _Count = 0
    predecessors: tuple[WirePredecessor, ...] = ()


_encoder = msgspec.json.Encoder()
_news_decoder = msgspec.json.Decoder(WireNews)
_application_decoder = msgspec.json.Decoder(WholeApplication)
_source_decoder = msgspec.json.Decoder(WholeSource)


def _go_on() -> None:
    """No pause."""


def encode_news(news: News, *, full: bool = False, pause: Callable[[], None] = _go_on) -> bytes:
    """`news` as JSON in UTF-8; with `full`, applications carry all that the board knows of them.

    `pause` is called every now and then, so that a long document does not keep other threads waiting.
    """
    applications = []
    for number, (name, state) in enumerate(news.changed.items()):
        if number % _APPLICATIONS_AT_ONCE == 0:
            pause()
        applications.append(Raw(_encoder.encode(_application(state, news.changed_at.get(name, 0), full))))
    wire = WireNews(
        board=news.board,
        sequence=news.sequence,
        complete=news.complete,
        since=news.since,
        applications=applications,
        removed=tuple(WireRemoval(name, news.changed_at.get(name, 0)) for name in news.removed),
        sources=None if news.sources is None else [Raw(_encoder.encode(_source(each, full))) for each in news.sources],
        floor=news.floor,
        sources_at=news.sources_at,
        predecessors=tuple(WirePredecessor(each.board, each.until) for each in news.predecessors),
    )
    return _encoder.encode(wire)


def decode_news(document: bytes, controller_at: float | None = None, pause: Callable[[], None] = _go_on) -> News:
    """What `encode_news` wrote, with the controller's last sign of life, which travels beside it.

    Raises `ValueError`, naming the field, for anything else.
    """
    wire = _news_decoder.decode(document)
    changed: dict[str, RoutemapState] = {}
    changed_at = {each.application: each.sequence for each in wire.removed}
    for number, raw in enumerate(wire.applications):
        if number % _APPLICATIONS_AT_ONCE == 0:
            pause()
        application = _application_decoder.decode(raw)
        state = _state(application)
        changed[state.application] = state
        changed_at[state.application] = application.sequence
    return News(
        board=wire.board,
        sequence=wire.sequence,
        controller_at=controller_at,
        complete=wire.complete,
        changed=changed,
        removed=tuple(each.application for each in wire.removed if each.application not in changed),
        sources=None if wire.sources is None else tuple(_status(_source_decoder.decode(each)) for each in wire.sources),
        since=wire.since,
        floor=wire.floor,
        sources_at=wire.sources_at,
        changed_at=changed_at,
        predecessors=tuple(Predecessor(each.board, each.until) for each in wire.predecessors),
    )


def _application(state: RoutemapState, sequence: int, full: bool) -> WireApplication:
    wire = WireApplication(
        namespace=state.namespace,
        name=state.name,
        sequence=sequence,
        versions=tuple(
            WireVersion(version.name, version.weight, version.signature, version.available)
            for version in state.versions
        ),
        salt=state.salt,
        # The very default, so that it is left out.
        targeting=NO_TARGETING if state.targeting == NO_TARGETING else state.targeting,
        epoch=state.epoch,
        experiment=state.experiment,
        source=state.origin.source,
    )
    return WholeApplication(**asdict(wire), state=Raw(encode_state(state))) if full else wire


def _state(application: WholeApplication) -> RoutemapState:
    if application.state != _ABSENT:
        state = decode_state(bytes(application.state))
        if (state.namespace, state.name) != (application.namespace, application.name) or not state.versions:
            message = f"the state of {application.namespace}/{application.name} is not that of an application"
            raise ValueError(message)
        return state
    targeting = application.targeting
    targets = [*(version for _, version in targeting.overrides), *(rule.version for rule in targeting.rules)]
    if not all(0 <= version < len(application.versions) for version in targets):
        message = f"{application.namespace}/{application.name} targets a version that it has not"
        raise ValueError(message)
    return RoutemapState(
        namespace=application.namespace,
        name=application.name,
        origin=Origin(application.source, "", ""),
        versions=tuple(_version(index, version) for index, version in enumerate(application.versions)),
        salt=application.salt,
        targeting=targeting,
        epoch=application.epoch,
        experiment=application.experiment,
    )


def _version(index: int, version: WireVersion) -> VersionState:
    return VersionState(
        index=index,
        name=version.name,
        weight=version.weight,
        declared_weight=version.weight,
        available=version.available,
        settled=bool(version.signature),
        signature=version.signature,
        reason="",
        message="",
        resources=(),
    )


def _source(status: SourceStatus, full: bool) -> WireSource:
    wire = WireSource(
        name=status.name,
        location=status.location,
        read_at=status.read_at,
        failing_since=status.failing_since,
        message=status.message,
        resources=status.resources,
    )
    return WholeSource(**asdict(wire), status=Raw(encode_source(status))) if full else wire


def _status(source: WholeSource) -> SourceStatus:
    if source.status != _ABSENT:
        return decode_source(bytes(source.status))
    return SourceStatus(
        name=source.name,
        location=source.location,
        read_at=source.read_at,
        failing_since=source.failing_since,
        message=source.message,
        resources=source.resources,
    )
