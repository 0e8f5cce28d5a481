"""Writing answers: JSON bodies, and every error as a problem that names the field."""

from __future__ import annotations

import logging
from typing import Any

import falcon
from falcon.asgi import App, Request, Response
from msgspec.json import Encoder

from iter8_gitops.errors import BrokenPluginError, InvalidArgumentError, NotFoundError, UnavailableError
from iter8_gitops.serving.http.ofrep_refusals import FLAGS, refusal_view
from iter8_gitops.serving.http.pages import answer_trouble, wants_page

PLAIN_TEXT_ROUTES = frozenset({"/abnDashboard", "/httpDashboard", "/grpcDashboard", "/testResult"})
"""Routes of Iter8's own API, whose clients expect errors as one line of plain text."""

_log = logging.getLogger(__name__)
encode = Encoder().encode


class RequestError(falcon.HTTPError):
    """A request that HTTP itself says no to; `field` names the part of it that is wrong."""

    def __init__(self, status: str, title: str, description: str, field: str) -> None:
        super().__init__(status, title=title, description=description)
        self.field = field


def answer_json(resp: Response, value: Any) -> None:
    """Answer with `value`, anything that msgspec can encode. JSON is the content type that Falcon assumes."""
    resp.data = encode(value)


def add_error_handlers(app: App[Any, Response]) -> None:
    """Make every error of `app` a problem in JSON, and no input a reason for a traceback."""
    app.add_error_handler(falcon.HTTPError, _on_http_error)
    app.add_error_handler(InvalidArgumentError, _on_invalid_argument)
    app.add_error_handler(NotFoundError, _on_not_found)
    app.add_error_handler(UnavailableError, _on_unavailable)
    app.add_error_handler(BrokenPluginError, _on_broken_plugin)
    app.add_error_handler(Exception, _on_bug)


def refusal_problem(error: NotFoundError | UnavailableError) -> dict[str, str | None]:
    """The problem of one lookup in a batch, as a request of its own would be answered."""
    if isinstance(error, NotFoundError):
        return _problem("Not found", error.message, error.field)
    return _problem("Unavailable", str(error), None)


async def _on_http_error(req: Request, resp: Response, error: falcon.HTTPError, _params: dict[str, Any]) -> None:
    description = error.description
    if error.status_code == 404:
        description = description or f"there is nothing at {req.path[:200]!r}; /openapi.json lists what there is"
    elif error.status_code == 405:
        description = description or f"{req.method} is not allowed here"
    resp.set_headers(error.headers or {})
    title = falcon.code_to_http_status(error.status_code).partition(" ")[2]
    field = error.field if isinstance(error, RequestError) else None
    _answer_problem(req, resp, error.status_code, error.title if field else title, description or title, field)


async def _on_invalid_argument(
    req: Request, resp: Response, error: InvalidArgumentError, _params: dict[str, Any]
) -> None:
    _answer_problem(req, resp, 400, "Invalid argument", str(error), error.field)


async def _on_not_found(req: Request, resp: Response, error: NotFoundError, _params: dict[str, Any]) -> None:
    # Iter8's dashboards answer 400 to an unknown application and to an unknown test.
    status = 400 if req.uri_template in PLAIN_TEXT_ROUTES else 404
    _answer_problem(req, resp, status, "Not found", error.message, error.field)


async def _on_unavailable(req: Request, resp: Response, error: UnavailableError, _params: dict[str, Any]) -> None:
    resp.set_header("Retry-After", "1")
    _answer_problem(req, resp, 503, "Unavailable", str(error), None)


async def _on_broken_plugin(req: Request, resp: Response, error: BrokenPluginError, _params: dict[str, Any]) -> None:
    _log.error("%s %s failed", req.method, req.uri_template, exc_info=error)
    _answer_problem(req, resp, 500, "Internal error", str(error), None)


async def _on_bug(req: Request, resp: Response, error: Exception, _params: dict[str, Any]) -> None:
    _log.error("%s %s failed", req.method, req.uri_template, exc_info=error)
    description = "something went wrong on the server; its log says what"
    _answer_problem(req, resp, 500, "Internal error", description, None)


def _answer_problem(
    req: Request, resp: Response, status: int, title: str | None, description: str, field: str | None
) -> None:
    resp.status_code = status
    if req.uri_template in PLAIN_TEXT_ROUTES:
        resp.data = f"{' '.join(description.split())}\n".encode()
        resp.content_type = "text/plain; charset=utf-8"
    elif (req.uri_template or "").startswith(FLAGS):
        answer_json(resp, refusal_view(req, "GENERAL", description))
    elif wants_page(req):
        answer_trouble(req, resp, title or "Something is wrong", description)
    else:
        answer_json(resp, _problem(title, description, field))


def _problem(title: str | None, description: str, field: str | None) -> dict[str, str | None]:
    return {"title": title, "description": description, "field": field}
