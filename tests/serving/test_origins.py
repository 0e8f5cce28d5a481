"""What browsers are told about pages of other origins."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from iter8_gitops.cli.parts import serve
from iter8_gitops.errors import ConfigurationError
from iter8_gitops.serving.http.origins import origins_in

SHOP = "https://shop.example"


def test_origins_are_read_with_commas_between_them() -> None:
    assert origins_in("") == ()
    assert origins_in("*") == ("*",)
    assert origins_in(f"{SHOP}, http://127.0.0.1:8000,http://[::1]:80") == (
        SHOP,
        "http://127.0.0.1:8000",
        "http://[::1]:80",
    )


@pytest.mark.parametrize("text", ["shop.example", "https://shop.example/", "*,https://a.example", "null", "ftp://a"])
def test_what_no_browser_sends_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="--cors-origins: '"):
        origins_in(text)


def test_serve_says_which_origin_is_wrong_before_it_listens(tmp_path: Any) -> None:
    result = CliRunner().invoke(serve, ["--state-dir", str(tmp_path), "--cors-origins", "shop"])

    assert isinstance(result.exception, ConfigurationError)


@pytest.mark.slow
@pytest.mark.parametrize(("configured", "allowed"), [((SHOP,), SHOP), (("*",), "*"), (("https://a.example",), None)])
def test_pages_of_the_origins_that_are_configured_may_ask_and_see_validators(
    start: Any, state: Any, wait_until_ready: Any, configured: tuple[str, ...], allowed: str | None
) -> None:
    server = start("serve_http", state, http_port=0, workers=1, cors_origins=configured)
    wait_until_ready(server)
    url = f"{server.url}/ofrep/v1/evaluate/flags"
    wanted = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,if-none-match"}

    preflight = httpx.options(url, headers={"Origin": SHOP, **wanted})
    answer = httpx.post(url, json={"context": {"targetingKey": "u"}}, headers={"Origin": SHOP})
    refused = httpx.post(url, content=b"{", headers={"Origin": SHOP, "Content-Type": "application/json"})

    assert preflight.status_code == 200
    for each in (preflight, answer, refused):
        assert each.headers.get("Access-Control-Allow-Origin") == allowed
        assert "Access-Control-Allow-Credentials" not in each.headers
    if allowed:
        assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
        assert preflight.headers["Access-Control-Allow-Headers"] == wanted["Access-Control-Request-Headers"]
        assert "ETag" in answer.headers["Access-Control-Expose-Headers"]


def test_no_origin_is_allowed_unless_it_is_configured(http: Any) -> None:
    answer = httpx.get(f"{http.url}/healthz", headers={"Origin": SHOP})

    assert "Access-Control-Allow-Origin" not in answer.headers
