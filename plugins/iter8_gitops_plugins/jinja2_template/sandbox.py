"""Jinja2 as templates see it: its sandbox, few names, and errors that name the line.

It bounds what a template can reach, not the time and memory that it takes; see `confinement` and `worker`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from traceback import walk_tb
from typing import Any

from jinja2 import Template, TemplateSyntaxError, Undefined, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment, safe_range
from jinja2.utils import Namespace

from iter8_gitops_plugins.jinja2_template.filters import filters
from iter8_gitops_plugins.jinja2_template.undefined import NamingUndefined, UnknownNameError, listed

_MAX_OUTPUT = 256 * 1024
"""Characters."""
_COMPILED = 32
_FROM_FILES = (nodes.Extends, nodes.FromImport, nodes.Import, nodes.Include)
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
_SCALARS = (str, int, float, Undefined, type(None))


class FaultyTemplateError(Exception):
    """A template cannot be rendered; the text is for its author. Stays inside this package."""


def render(source: str, data: Mapping[str, Any]) -> str:
    """The text of a template. Raises `FaultyTemplateError`, and `MemoryError` when there is too little memory."""
    try:
        return _run(_compiled(source), data)
    except (FaultyTemplateError, MemoryError):
        raise
    except UnknownNameError as error:
        raise FaultyTemplateError(fault(error, f"{error.message}; {listed(data)}")) from error
    except TemplateSyntaxError as error:
        raise FaultyTemplateError(fault(error, error.message or "it is not valid")) from error
    except UnicodeEncodeError as error:
        raise FaultyTemplateError("the template writes text that is not valid Unicode") from error
    except RecursionError as error:
        raise FaultyTemplateError(fault(error, "the template is nested too deeply, or calls itself")) from error
    except KeyError as error:
        raise FaultyTemplateError(fault(error, f"there is no {error}")) from error
    except Exception as error:
        raise FaultyTemplateError(fault(error, str(error) or type(error).__name__)) from error


def fault(error: Exception, message: str) -> str:
    """`message`, after the line of the template that was reached when `error` was raised, if any was."""
    line = error.lineno if isinstance(error, TemplateSyntaxError) else None
    reached: tuple[Template, int] | None = None
    for frame, python_line in walk_tb(error.__traceback__):
        template = frame.f_globals.get("__jinja_template__")
        if isinstance(template, Template):
            reached = template, python_line
    if reached is not None:
        line = reached[0].get_corresponding_lineno(reached[1])
    # An address would differ from process to process, and the problem that people see would seem to change.
    message = _ADDRESS.sub("", message)
    return message if line is None else f"line {line}: {message}"


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        # Lines that hold only a statement leave nothing behind: manifests are made of lines.
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=NamingUndefined,
        finalize=_writable,
        autoescape=False,
        cache_size=0,
    )
    environment.globals = {"range": safe_range, "dict": _dict, "namespace": Namespace}
    environment.filters = filters()
    return environment


def _dict(*pairs: Any, **entries: Any) -> dict[Any, Any]:
    """`dict` as a function: the class would hand out `dict.update`, which changes what is not to be changed."""
    return dict(*pairs, **entries)


def _writable(value: object) -> object:
    """Refuse what Python would write as an address, such as a method that was not called."""
    if isinstance(value, _SCALARS):
        return value
    if isinstance(value, (list, tuple)):
        for item in value:
            _writable(item)
    elif isinstance(value, dict):
        for item in (*value, *value.values()):
            _writable(item)
    elif callable(value):
        raise TypeError("a function cannot be written; its parentheses may be missing")
    else:
        message = f"a value of type {type(value).__name__} cannot be written; the filter list may be missing"
        raise TypeError(message)
    return value


@lru_cache(maxsize=_COMPILED)
def _compiled(source: str) -> Template:
    tree = _ENVIRONMENT.parse(source)
    for node in tree.find_all(_FROM_FILES):
        raise TemplateSyntaxError("a routing template stands alone; it cannot use other templates", node.lineno)
    code = _ENVIRONMENT.compile(tree)
    return Template.from_code(_ENVIRONMENT, code, _ENVIRONMENT.make_globals(None))


def _run(template: Template, data: Mapping[str, Any]) -> str:
    """Render piece by piece, so that a template that writes too much ends early."""
    pieces: list[str] = []
    length = 0
    for piece in template.root_render_func(template.new_context(dict(data))):
        pieces.append(piece)
        length += len(piece)
        if length > _MAX_OUTPUT:
            message = f"the template writes more than {_MAX_OUTPUT} characters"
            raise FaultyTemplateError(message)
    rendered = "".join(pieces)
    # Escapes in a template can make halves of surrogate pairs, which are no characters.
    rendered.encode()
    return rendered


_ENVIRONMENT = _environment()
