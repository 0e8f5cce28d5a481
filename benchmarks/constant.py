"""The peer: a Falcon app that answers a constant, of the size of a lookup's answer."""

from __future__ import annotations

import falcon.asgi

ANSWER = (
    b'{"application":"shop/app-0","versionNumber":1,"versionName":"v1","signature":"0123456789abcdef","stale":false,'
    b'"reason":"random","rule":null}'
)


class Constant:
    async def on_get(self, _req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        resp.data = ANSWER
        resp.content_type = falcon.MEDIA_JSON


app = falcon.asgi.App()
app.add_route("/v1/lookup", Constant())
