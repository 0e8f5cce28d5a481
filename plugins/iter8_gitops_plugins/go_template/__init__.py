"""The template engine `go`: Go's text/template, for the routing templates that Iter8 users bring.

The language is that of the `gotpl` library, and nothing outside this package knows of it. Templates
are hostile until proven otherwise, and the library has no limit of time: `cost` bounds the work
before a template runs, `functions` bounds what each call may build, and `rendering` puts both
around the library's own sandbox. `values` gives the data the shape that Go programs would see.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from iter8_gitops.hooks import hookimpl
from iter8_gitops_plugins.go_template.rendering import render

ENGINE = "go"


@hookimpl
def render_template(engine: str, template: str, data: Mapping[str, Any]) -> str | None:
    """Render as text/template does with `missingkey=zero`; HTML quoting has no place in a manifest."""
    return render(template, data) if engine == ENGINE else None
