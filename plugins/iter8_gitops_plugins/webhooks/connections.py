"""Connections to a host, through the proxy that the environment names for it."""

from __future__ import annotations

import ssl
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from iter8_gitops.errors import ConfigurationError
from iter8_gitops_plugins.webhooks.addresses import Address

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
_TIMEOUT = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)


def connections_to(address: Address) -> urllib3.PoolManager:
    """What makes connections to `address`; none is made yet. Raises `ConfigurationError` for a proxy of another sort.

    Certificates are checked against those that the system trusts, or the ones that SSL_CERT_FILE names.
    """
    context = ssl.create_default_context()
    proxy = _proxy_for(address)
    if proxy is None:
        return urllib3.PoolManager(timeout=_TIMEOUT, ssl_context=context)
    login = urllib3.make_headers(proxy_basic_auth=proxy.auth) if proxy.auth else {}
    return urllib3.ProxyManager(
        proxy._replace(auth=None).url, proxy_headers=login, timeout=_TIMEOUT, ssl_context=context
    )


def _proxy_for(address: Address) -> Url | None:
    """As HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY say."""
    proxies = getproxies()
    text = proxies.get(address.scheme) or proxies.get("all")
    if not text or proxy_bypass(address.origin.partition("://")[2]):
        return None
    proxy = _parsed(text)
    if proxy is None or proxy.scheme not in ("http", "https") or not proxy.host:
        message = f"the proxy that the environment names for {address.origin} cannot be used: write http://HOST:PORT"
        raise ConfigurationError(message)
    return proxy


def _parsed(text: str) -> Url | None:
    try:
        return parse_url(text if "://" in text else f"http://{text}")
    except LocationParseError:
        return None
