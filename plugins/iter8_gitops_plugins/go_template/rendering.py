"""Rendering one template within hard limits, and saying what is wrong with one that cannot be rendered."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import gotpl

from iter8_gitops.hooks import TemplateError, text
from iter8_gitops_plugins.go_template.cost import ROOT, cost
from iter8_gitops_plugins.go_template.functions import capped_functions
from iter8_gitops_plugins.go_template.values import field_names, go_values

_MAX_SOURCE = 32 * 1024
_MAX_WORK = 150_000
"""Characters that a run may go through once, and in all loops together: under a second of either."""
_MAX_ITERATIONS = 1_000
_MAX_CALLS = 1_000
_MAX_OUTPUT = 256 * 1024
_MAX_DEPTH = 50
_FUNCTIONS = capped_functions()


def render(source: str, data: Mapping[str, Any]) -> str:
    """The text of the template. Raises `TemplateError` for whatever is wrong with it."""
    values = go_values(data)
    fields = frozenset(field_names(values))
    try:
        return _compiled(source, fields).render(values)
    except TemplateError:
        raise
    except gotpl.SandboxViolationError as error:
        message = f"{_line(error)}{text(error.message)}; the fields are {', '.join(sorted(fields))}"
        raise TemplateError(message) from error
    except gotpl.BudgetExceededError as error:
        message = f"{_line(error)}the template is too much work: {text(error.message)}"
        raise TemplateError(message) from error
    except gotpl.TemplateExecutionError as error:
        message = f"{_line(error)}{text(error.message)}"
        raise TemplateError(message) from error
    except gotpl.TemplateSyntaxError as error:
        # The library's text begins with `template:LINE:COLUMN: `.
        message = f"line {error.line}: {text(str(error).split(': ', 1)[-1])}"
        raise TemplateError(message) from error
    except RecursionError as error:
        raise TemplateError("the template is nested too deeply") from error
    except Exception as error:
        message = f"the template cannot be parsed ({type(error).__name__})"
        raise TemplateError(message) from error


@lru_cache(maxsize=64)
def _compiled(source: str, fields: frozenset[str]) -> gotpl.Template:
    if len(source) > _MAX_SOURCE:
        message = f"the template has {len(source)} characters, {_MAX_SOURCE} are allowed"
        raise TemplateError(message)
    measured = cost(source, frozenset(_FUNCTIONS))
    if measured.length > _MAX_WORK:
        message = f"the template has {measured.length} characters with its calls written out, {_MAX_WORK} are allowed"
        raise TemplateError(message)
    return gotpl.Template(
        source,
        name=ROOT,
        functions=_FUNCTIONS,
        missing_key="zero",
        sandbox=gotpl.SandboxPolicy.strict(
            allow_attributes=fields,
            allow_functions=_FUNCTIONS,
            max_template_chars=_MAX_SOURCE,
            default_budget=gotpl.ExecutionBudget(
                max_output_chars=_MAX_OUTPUT,
                max_iterations=min(_MAX_ITERATIONS, _MAX_WORK // max(measured.longest_loop, 1)),
                max_template_depth=_MAX_DEPTH,
                max_function_calls=_MAX_CALLS,
            ),
        ),
    )


def _line(error: gotpl.TemplateExecutionError) -> str:
    return "" if error.line is None else f"line {error.line}: "
