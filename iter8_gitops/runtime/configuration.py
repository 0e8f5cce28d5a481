"""Iter8's configuration of a controller, read from a file as Iter8's users have it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from iter8_gitops.errors import ConfigurationError
from iter8_gitops.runtime.configuration_schema import ConfigurationDocument, TypeDocument
from iter8_gitops.runtime.notifier_configuration import NotifierConfiguration, notifier_configurations
from iter8_gitops.runtime.promotion_configuration import PromotionConfiguration, promotion_configuration
from iter8_gitops.runtime.rule_configuration import read_rules
from iter8_gitops.runtime.rules.rule import Rule
from iter8_gitops.runtime.source_configuration import SourceConfiguration, source_configurations
from iter8_gitops.spec.complaints import Complaint, complaints_of
from iter8_gitops.spec.documents import Document
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.yaml import read_documents, read_embedded

_log = logging.getLogger(__name__)
_SURELY = 0.9
"""Of the likeness of two words, from 0 to 1: `notifier` and `notifiers` have 0.94, `resources` and `sources` 0.88."""

_CONFIG_MAP_KEY = "config.yaml"
"""Where Iter8's own ConfigMap has it."""


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A type that routemaps may name by `short_name`. `kind` is "" when the file does not state it.

    `rule` says when an object of the type is ready, `place` where the file says so.
    """

    short_name: str
    group: str
    version: str
    plural: str
    kind: str
    rule: Rule
    place: str

    def __str__(self) -> str:
        """`plural.group`, as CustomResourceDefinitions are named."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a file asks for. `resync_seconds` and `cluster_scoped` are None when it does not say."""

    resource_types: tuple[ResourceType, ...] = ()
    resync_seconds: float | None = None
    cluster_scoped: bool | None = None
    notifiers: tuple[NotifierConfiguration, ...] = ()
    sources: tuple[SourceConfiguration, ...] = ()
    promotion: PromotionConfiguration = field(default_factory=PromotionConfiguration)


def load_configuration(path: Path) -> Configuration:
    """The configuration in a YAML file: alone, among other values of Iter8's Helm chart, or in its ConfigMap.

    Values that mean nothing here are ignored, with one line in the log. Raises ConfigurationError, with file, line
    and column of everything that is wrong.
    """
    document = _document(path)
    ignored = ConfigurationDocument.unknown_keys(document.data) if isinstance(document.data, dict) else []
    read = read_rules(document)
    if misspelt := {key: meant for key in ignored if (meant := _meant(key))}:
        raise _refusal(_misspelt(document, key, meant) for key, meant in misspelt.items())
    try:
        parsed = ConfigurationDocument.model_validate(document.data)
    except ValidationError as error:
        complaints = complaints_of(error, ConfigurationDocument)
        problems = (complaint.problem(document) for complaint in complaints)
        raise _refusal((*problems, *read.problems)) from None
    if read.problems:
        raise _refusal(read.problems)
    if not parsed.model_fields_set:
        said = f"holds none of {', '.join(ConfigurationDocument.keys())}"
        raise _refusal([Complaint((), said, "is this the configuration of Iter8's controller?").problem(document)])
    if ignored:
        _log.info("%s: these values mean nothing here and are ignored: %s", path, ", ".join(ignored))
    return Configuration(
        resource_types=tuple(_types(document, parsed.resource_types, read.rules)),
        resync_seconds=parsed.default_resync,
        cluster_scoped=parsed.cluster_scoped,
        notifiers=notifier_configurations(document, parsed.notifiers),
        sources=source_configurations(document, parsed.sources),
        promotion=promotion_configuration(document, parsed.promotion),
    )


def _types(document: Document, types: Mapping[str, TypeDocument], rules: Mapping[str, Rule]) -> Iterator[ResourceType]:
    for short_name, each in types.items():
        line, column = document.key_position("resourceTypes", short_name)
        yield ResourceType(
            short_name=short_name,
            group=each.group,
            version=each.version,
            plural=each.resource,
            kind=each.kind or "",
            rule=replace(rules[short_name], conditions=tuple(dict.fromkeys(each.conditions))),
            place=f"{document.file}:{line}:{column}",
        )


def _meant(key: str) -> str:
    """The key that an unknown one surely was meant to be; the values of a chart may have much the same names."""
    return "".join(get_close_matches(key, ConfigurationDocument.keys(), n=1, cutoff=_SURELY))


def _misspelt(document: Document, key: str, meant: str) -> Problem:
    return Complaint((key,), "is an unknown key", f"did you mean `{meant}`?", at_key=True).problem(document)


def _document(path: Path) -> Document:
    """The one document of the file that is meant."""
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        message = f"cannot read the configuration {path}: {reason}"
        raise ConfigurationError(message) from error
    reading = read_documents(str(path), content)
    if reading.problems:
        raise _refusal(reading.problems)
    documents = [part for document in reading.documents for part in document.objects()]
    held = [each for each in documents if _is_held(each.data)]
    chosen = held or documents
    if len(chosen) != 1:
        said = "there are several documents" if chosen else "the file is empty"
        hint = f"keep one that is a ConfigMap with {_CONFIG_MAP_KEY}, or that has resourceTypes itself"
        raise _refusal([Problem(str(path), 0, 0, said, hint)])
    return _opened(chosen[0]) if held else chosen[0]


def _is_held(data: Any) -> bool:
    section = data.get("data") if isinstance(data, dict) and data.get("kind") == "ConfigMap" else None
    return isinstance(section, dict) and isinstance(section.get(_CONFIG_MAP_KEY), str)


def _opened(config_map: Document) -> Document:
    reading = read_embedded(config_map, "data", _CONFIG_MAP_KEY)
    if reading.problems:
        raise _refusal(reading.problems)
    if len(reading.documents) != 1:
        said = "holds more than one document" if reading.documents else "is empty"
        raise _refusal([Complaint(("data", _CONFIG_MAP_KEY), said).problem(config_map)])
    return reading.documents[0]


def _refusal(problems: Iterable[Problem]) -> ConfigurationError:
    return ConfigurationError("\n".join(str(problem) for problem in sorted(problems)))
