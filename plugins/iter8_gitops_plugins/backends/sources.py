"""Routemaps from a directory, a file or a Git repository."""

from __future__ import annotations

from iter8_gitops.contracts.source import Source, SourceRequest
from iter8_gitops.hooks import hookimpl
from iter8_gitops.sources.locations import open_location


@hookimpl(trylast=True)
def open_source(request: SourceRequest) -> Source:
    """Last of all, because every text may be the path of a directory."""
    return open_location(request)
