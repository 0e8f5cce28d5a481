"""`/` and `/applications/{namespace}/{name}`: pages for people, and the files that these need."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from hashlib import blake2b
from time import time

import falcon
from falcon.asgi import Request, Response

from iter8_gitops.core.arguments import shown
from iter8_gitops.errors import InvalidArgumentError
from iter8_gitops.serving.dossiers import Dossiers
from iter8_gitops.serving.http.queries import whole_number
from iter8_gitops.serving.http.validators import has_answer
from iter8_gitops.serving.web.assets import read_asset
from iter8_gitops.serving.web.overviews import SHOWS, Wish
from iter8_gitops.serving.web.pages import application_page, overview_page, trouble_page

OVERVIEW = "/"
APPLICATION = "/applications/{namespace}/{name}"
ASSET = "/static/{name}"
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_YEAR = 365 * 24 * 3600


class OverviewPage:
    """The list of applications."""

    def __init__(self, dossiers: Dossiers) -> None:
        self._dossiers = dossiers

    async def on_get(self, req: Request, resp: Response) -> None:
        """`q` is a part of the name, `show` one of `all`, `experiments` and `attention`, `page` counts from 1."""
        show = req.get_param("show", default="all")
        if show not in SHOWS:
            raise InvalidArgumentError("show", f"is {shown(show)!r}; it can be {', '.join(SHOWS)}")
        wish = Wish(req.get_param("q", default="")[:256], show, whole_number(req, "page") or 1)
        await _answer(req, resp, lambda: self._page(wish))

    def _page(self, wish: Wish) -> str:
        overview, selection, analyses = self._dossiers.overview(wish)
        return overview_page(overview, wish, selection, analyses, "", time())


class ApplicationPage:
    """One application."""

    def __init__(self, dossiers: Dossiers) -> None:
        self._dossiers = dossiers

    async def on_get(self, req: Request, resp: Response, namespace: str, name: str) -> None:
        """`before` is where the history goes on."""
        before, root = whole_number(req, "before"), root_from(req.path)
        await _answer(
            req, resp, lambda: application_page(self._dossiers.application(namespace, name, before), root, time())
        )


class AssetResource:
    """A style sheet, script or icon. Its address changes with its content, so browsers may keep it."""

    async def on_get(self, req: Request, resp: Response, name: str) -> None:
        """404 for what is none."""
        found = read_asset(name)
        if found is None:
            raise falcon.HTTPNotFound
        resp.etag = found.digest
        resp.cache_control = ["public", f"max-age={_YEAR}", "immutable"]
        resp.set_header("X-Content-Type-Options", "nosniff")
        if has_answer(req, found.digest):
            resp.status = falcon.HTTP_304
            return
        resp.data, resp.content_type = found.content, found.content_type


def wants_page(req: Request) -> bool:
    """Whether an error is for a person: on a page, or where there is nothing and a browser asks."""
    if req.uri_template in (OVERVIEW, APPLICATION):
        return True
    return req.uri_template is None and "text/html" in req.accept


def answer_trouble(req: Request, resp: Response, title: str, description: str) -> None:
    """An error as a page; its status is set already."""
    _send(resp, trouble_page(resp.status_code, title, description, root_from(req.path), time()))
    resp.cache_control = ["no-store"]


def root_from(path: str) -> str:
    """The way from a page to the root of the server, relative, so that a proxy may put it below a prefix."""
    return "../" * (path.count("/") - 1)


async def _answer(req: Request, resp: Response, render: Callable[[], str]) -> None:
    """Rendered off the event loop: the disk is read, and there may be ten thousand applications."""
    text = await asyncio.to_thread(render)
    resp.cache_control = ["no-cache"]
    resp.etag = etag = blake2b(text.encode(), digest_size=12).hexdigest()
    if has_answer(req, etag):
        resp.status = falcon.HTTP_304
        return
    _send(resp, text)


def _send(resp: Response, text: str) -> None:
    resp.data, resp.content_type = text.encode(), "text/html; charset=utf-8"
    resp.set_headers(
        {
            "Content-Security-Policy": _POLICY,
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }
    )
