"""Entity tags: does the caller have the answer already? (RFC 9110, 8.8.3 and 13.1.2)"""

from __future__ import annotations

from falcon.asgi import Request


def has_answer(req: Request, etag: str) -> bool:
    """Whether `If-None-Match` names `etag` (without quotation marks).

    The comparison is the weak one: a proxy that compresses may make a tag weak.
    """
    return any(each == "*" or opaque(str(each)) == etag for each in req.if_none_match or ())


def opaque(etag: str) -> str:
    """An entity tag without its quotation marks and without its weakness."""
    return etag.strip().removeprefix("W/").strip('"')
