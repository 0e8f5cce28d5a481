"""The template engine `jinja2`, for routing templates.

Jinja2 has a sandbox for Python's internals and none for time and memory, so templates are rendered in
another process: `child` confines itself (`confinement`), compiles and renders (`sandbox`, `undefined`,
`filters`), and knows nothing but what it is sent. `worker` starts it, asks it over `channel`, and ends it
when it takes too long. `rendering` puts limits on what goes in and turns what comes back into an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from iter8_gitops.hooks import hookimpl
from iter8_gitops_plugins.jinja2_template.rendering import render

ENGINE = "jinja2"


@hookimpl
def render_template(engine: str, template: str, data: Mapping[str, Any]) -> str | None:
    """Render with Jinja2. The names are those of the hook's data, so that one table describes both engines."""
    return render(template, data) if engine == ENGINE else None
