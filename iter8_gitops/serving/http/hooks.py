"""`POST /v1/hooks/git`: a Git host says that something was pushed."""

from __future__ import annotations

import asyncio

import falcon
from falcon.asgi import Request, Response

from iter8_gitops.serving.http.answers import RequestError, answer_json
from iter8_gitops.serving.http.bodies import read_body
from iter8_gitops.serving.webhooks import Reception, Webhooks

_EXPLANATIONS = {
    Reception.ACCEPTED: "the sources are looked at now",
    Reception.IGNORED: "this event changes nothing that is read from Git",
    Reception.REPEATED: "this delivery was received before",
}


class GitHookResource:
    """Takes webhooks of GitHub, GitLab, Gitea and Forgejo."""

    def __init__(self, webhooks: Webhooks) -> None:
        self._webhooks = webhooks

    async def on_post(self, req: Request, resp: Response) -> None:
        """202 when the sources are looked at because of it, 200 when there is no need to."""
        if not self._webhooks.configured:
            said = "webhooks are not taken here: start `serve` with --webhook-secret-file, or ITER8_WEBHOOK_SECRET"
            raise RequestError(falcon.HTTP_403, "Forbidden", said, "signature")
        body = await read_body(req)
        headers = {name.lower(): value for name, value in req.headers.items()}
        if not await asyncio.to_thread(self._webhooks.is_genuine, headers, body):
            said = "the webhook is not signed with the secret that is configured here"
            raise RequestError(falcon.HTTP_401, "Unauthorized", said, "signature")
        reception = await asyncio.to_thread(self._webhooks.receive, headers, body)
        resp.status = falcon.HTTP_202 if reception is Reception.ACCEPTED else falcon.HTTP_200
        answer_json(resp, {"result": reception.value, "description": _EXPLANATIONS[reception]})
