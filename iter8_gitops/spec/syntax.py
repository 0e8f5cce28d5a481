"""What a YAML parser complains of, in plain words."""

from __future__ import annotations

import yaml

from iter8_gitops.spec.documents import Source
from iter8_gitops.spec.problem import Problem

_PLAIN_WORDS = (
    (
        "mapping values are not allowed",
        "a `:` stands where no key can be",
        "check the indentation; quote text that contains `: `",
    ),
    (
        "block sequence entries are not allowed",
        "a `-` stands where no list item can be",
        "begin the list on a line of its own",
    ),
    (
        "found character that cannot start any token",
        "no value can begin with this character",
        "indent with spaces, not tabs; quote text that begins with @, ` or %",
    ),
    (
        "could not find expected ':'",
        "this line has no `:` after its key",
        "check the indentation, and add `: ` or quotes",
    ),
    (
        "did not find expected '-' indicator",
        "this line is not an item of the list around it",
        "check the indentation",
    ),
    (
        "did not find expected key",
        "this line does not fit the mapping around it",
        "check the indentation and the quotes",
    ),
    ("did not find expected ',' or ']'", "a list in brackets is not closed", "add `,` or `]`"),
    (
        "did not find expected ',' or '}'",
        "a mapping in braces is not closed",
        "add `,` or `}`; quote text that begins with {",
    ),
    (
        "did not find expected node content",
        "a value is missing here",
        "add a value; quote text that begins with one of { [ , ] } % & * !",
    ),
    (
        "did not find expected alphabetic or numeric character",
        "a `&` or `*` has no name after it",
        "quote text that begins with & or *",
    ),
    (
        "did not find expected <document start>",
        "the document ended before this line",
        "check the indentation, or begin a new document with ---",
    ),
    ("found unexpected end of stream", "the text ends within quotes", "close the quotes"),
    ("found unexpected document indicator", "a document ends within quotes", "close the quotes"),
    (
        "found unknown escape character",
        "no such escape after the backslash",
        "use single quotes, or write \\\\ for a backslash",
    ),
    ("invalid Unicode character escape code", "this escape is not a character", "write the character itself"),
)


def explain_syntax_error(error: Exception, source: Source) -> Problem:
    """A problem that says what `error`, which a YAML parser raised over `source`, means, and where."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return source.problem((0, 0), f"not valid YAML: {error}")
    at = error.problem_mark or error.context_mark
    mark = (at.line, at.column) if at else (0, 0)
    said = error.problem or "it cannot be parsed"
    for fragment, plain, hint in _PLAIN_WORDS:
        if fragment in said:
            return source.problem(mark, f"not valid YAML: {plain}{_begun(error, source)}", hint)
    return source.problem(mark, f"not valid YAML: {said}{_begun(error, source)}")


def _begun(error: yaml.MarkedYAMLError, source: Source) -> str:
    """Where the construct began that could not be finished, when that is on another line."""
    begin, end = error.context_mark, error.problem_mark
    if not source.exact or begin is None or end is None or begin.line >= end.line:
        return ""
    what = (error.context or "").removeprefix("while parsing ").removeprefix("while scanning ") or "what"
    return f"; {what} began on line {source.locate((begin.line, begin.column))[0]}"
