"""Where in a file the parts of routemaps and objects are written, after the file was decoded."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cached_property

from iter8_gitops.spec.documents import Document
from iter8_gitops.spec.forms import Form, recognise
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.tree import SourceFile
from iter8_gitops.spec.yaml import embedded_source, read_documents, read_embedded

_LINE_OF_TEMPLATE = re.compile("line ([0-9]+): ")


class Places:
    """The places in one file. The file is read again, when the first one is asked for."""

    def __init__(self, file: SourceFile) -> None:
        self._file = file

    def object(self, name: str, line: int) -> Document:
        """The object `name` that was decoded, and begins on `line`."""
        return self._find(name, line, of_form=False)

    def spec(self, name: str, line: int) -> Document:
        """The spec of the routemap `name` that was decoded, and begins on `line`."""
        document = self._find(name, line, of_form=True)
        if recognise(document.data) is Form.NATIVE:
            return document.at("spec")
        return read_embedded(document, "data", "strSpec").documents[0]

    def _find(self, name: str, line: int, *, of_form: bool) -> Document:
        return next(
            each
            for each in self._objects
            if each.position()[0] == line
            and each.data["metadata"]["name"] == name
            and isinstance(recognise(each.data), Form) == of_form
        )

    @cached_property
    def _objects(self) -> tuple[Document, ...]:
        reading = read_documents(self._file.path, self._file.content)
        parts = (part for document in reading.documents for part in document.objects())
        return tuple(part for part in parts if isinstance(part.data, dict) and _is_named(part.data.get("metadata")))


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


def _is_named(metadata: object) -> bool:
    return isinstance(metadata, dict) and "name" in metadata
