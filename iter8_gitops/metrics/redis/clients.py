"""Clients of the server or the cluster: one per process, made when it is first needed."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any, TypeAlias

from redis import Redis, RedisCluster
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode
from redis.credentials import CredentialProvider
from redis.exceptions import RedisError
from redis.retry import Retry

from iter8_gitops.errors import UnavailableError
from iter8_gitops.metrics.redis.options import RedisOptions, Tls
from iter8_gitops.metrics.redis.passwords import Password

Client: TypeAlias = "Redis | RedisCluster"


class Clients:
    """The client of this process. Each has a pool of connections, so any thread may use it.

    A child of a fork makes its own and leaves that of its parent alone.
    """

    def __init__(self, options: RedisOptions) -> None:
        self._options = options
        self._by_process: dict[int, Client] = {}
        self._closed = False

    def client(self) -> Client:
        """Raises `UnavailableError` after `close`, and the errors of `redis` when a cluster cannot be looked at."""
        if self._closed:
            message = f"the metric store {self._options} is closed"
            raise UnavailableError(message)
        process = os.getpid()
        known = self._by_process.get(process)
        if known is not None:
            return known
        made = _cluster(self._options) if self._options.cluster else _single(self._options)
        # Atomic, so no lock can be left held by a fork.
        kept = self._by_process.setdefault(process, made)
        if kept is not made:
            _close(made)
        return kept

    def renew(self) -> None:
        """Forget every connection: an address may lead to another server now. Other threads keep those they use."""
        client: Any = self._by_process.pop(os.getpid(), None)
        if isinstance(client, RedisCluster):
            cluster: Any = client
            nodes: list[Any] = [node.redis_connection for node in cluster.get_nodes()]
        else:
            nodes = [client]
        for node in filter(None, nodes):
            node.connection_pool.disconnect(inuse_connections=False)

    def close(self) -> None:
        """Close all connections; may be called again."""
        self._closed = True
        client = self._by_process.pop(os.getpid(), None)
        if client is not None:
            _close(client)


class _Credentials(CredentialProvider):
    """Reads the password again for every connection."""

    def __init__(self, user: str, password: Password) -> None:
        self._user = user
        self._password = password

    def get_credentials(self) -> tuple[str] | tuple[str, str]:
        password = self._password.read()
        return (self._user, password) if self._user else (password,)


def _single(options: RedisOptions) -> Redis:
    (address,) = options.addresses
    return Redis(host=address.host, port=address.port, db=options.database, retry=_once(), **_settings(options))


def _cluster(options: RedisOptions) -> RedisCluster:
    node: Any = ClusterNode
    nodes = [node(address.host, address.port) for address in options.addresses]
    return RedisCluster(startup_nodes=nodes, retry=_once(), **_settings(options))


def _once() -> Retry:
    """The store itself tries again, with the same batch."""
    return Retry(NoBackoff(), 0)


def _settings(options: RedisOptions) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "socket_timeout": options.timeout,
        "socket_connect_timeout": options.connect_timeout,
        "protocol": 2,
    }
    if options.password is not None:
        settings["credential_provider"] = _Credentials(options.user, options.password)
    return {**settings, **_tls(options.tls)} if options.tls else settings


def _tls(tls: Tls) -> dict[str, Any]:
    files = {"ssl_ca_certs": tls.ca_file, "ssl_certfile": tls.cert_file, "ssl_keyfile": tls.key_file or tls.cert_file}
    return {"ssl": True, **{name: str(file) for name, file in files.items() if file}}


def _close(client: Client) -> None:
    with suppress(RedisError, OSError):
        client.close()
