"""Where in a file the parts of routemaps and objects are written, after the file was decoded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

from iter8_gitops.spec.documents import Document
from iter8_gitops.spec.files import DecodedResource, DecodedRoutemap
from iter8_gitops.spec.forms import Form, recognise
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.tree import SourceFile
from iter8_gitops.spec.yaml import embedded_source, read_documents, read_embedded

_LINE_OF_TEMPLATE = re.compile("line ([0-9]+): ")


class Places:
    """The places in one file. The file is read again, when the first one is asked for."""

    def __init__(self, file: SourceFile) -> None:
        self._file = file

    def object(self, decoded: DecodedResource) -> Document:
        """What `decoded` was decoded from."""
        return next(each for each in self._begun_on(decoded.line) if each.data == decoded.resource.manifest)

    def spec(self, decoded: DecodedRoutemap) -> Document:
        """What the spec of `decoded` was decoded from."""
        document, form = next(
            (each, form)
            for each in self._begun_on(decoded.line)
            if isinstance(form := recognise(each.data), Form) and _name(each) == decoded.routemap.name
        )
        return document.at("spec") if form is Form.NATIVE else read_embedded(document, "data", "strSpec").documents[0]

    def _begun_on(self, line: int) -> Iterator[Document]:
        return (each for each in self._objects if each.position()[0] == line)

    @cached_property
    def _objects(self) -> tuple[Document, ...]:
        reading = read_documents(self._file.path, self._file.content)
        return tuple(part for document in reading.documents for part in document.objects())


def placed_in_template(problem: Problem, spec: Document, name: str) -> Problem:
    """A problem of the routing template `name`, at the line that its message names where that can be told.

    Engines begin their messages with the line of the template. A place in the file says it better.
    """
    path = ("routingTemplates", name, "template")
    source = embedded_source(spec, *path)
    told = f"routing template {name!r}: "
    found = _LINE_OF_TEMPLATE.match(problem.message, len(told)) if problem.message.startswith(told) else None
    if found is None or not source.exact:
        line, column = spec.position(*path)
        return replace(problem, line=line, column=column)
    line, column = source.locate((int(found[1]) - 1, 0))
    return replace(problem, line=line, column=column, message=told + problem.message[found.end() :])


def _name(document: Document) -> object:
    metadata = document.data.get("metadata")
    return metadata.get("name") if isinstance(metadata, dict) else None
