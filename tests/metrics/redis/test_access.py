"""TLS, users with few rights, and passwords that change."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from iter8_gitops.errors import UnavailableError
from iter8_gitops.metrics.redis.store import RedisMetricStore
from tests.metrics.redis.conftest import OpenRedis
from tests.metrics.redis.servers import RedisServer, missing, running
from tests.metrics.streams import APPLICATION, arm, value

PAGE = (Path(__file__).parents[3] / "docs" / "metrics-store.md").read_text(encoding="utf-8")
RIGHTS = PAGE.partition("needs these, and no more")[2].partition("```text\n")[2].partition("\n```")[0]


def made(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an authority, a server's and a client's certificate."""
    if shutil.which("openssl") is None:
        missing("openssl")
    folder = tmp_path_factory.mktemp("certificates")
    new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    made(
        folder, "req", "-x509", *new_key, "-keyout", "ca.key", "-out", "ca.crt", "-days", "2", "-subj", "/CN=authority"
    )
    for name in ("server", "client"):
        made(folder, "req", *new_key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        made(
            folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-days", "2",
            "-out", f"{name}.crt", "-extfile", "names",
        )  # fmt: skip
    return folder


@pytest.fixture
def tls_server(certificates: Path, tmp_path: Path) -> Iterator[RedisServer]:
    settings: dict[str, Any] = {
        "tls_cert_file": f"{certificates}/server.crt", "tls_key_file": f"{certificates}/server.key",
        "tls_ca_cert_file": f"{certificates}/ca.crt", "tls_auth_clients": "yes",
    }  # fmt: skip
    with running(tmp_path, tls=True, **settings) as server:
        yield server


def works(store: RedisMetricStore) -> bool:
    store.record([], [value(1)])
    return bool(store.report(APPLICATION, {0: "sig"}))


def refused(store: RedisMetricStore) -> str:
    with pytest.raises(UnavailableError) as caught:
        store.record([], [value(1)])
    return str(caught.value)


def test_tls_with_certificates_on_both_sides(
    tls_server: RedisServer, certificates: Path, open_redis: OpenRedis
) -> None:
    at = f"127.0.0.1:{tls_server.port}"
    ca, own = (
        f"ca_file={certificates}/ca.crt",
        f"cert_file={certificates}/client.crt&key_file={certificates}/client.key",
    )
    assert works(open_redis(f"rediss://{at}?{ca}&{own}"))
    assert "give the authority with ca_file" in refused(open_redis(f"rediss://{at}?{own}"))
    assert "cert_file" in refused(open_redis(f"rediss://{at}?{ca}"))
    assert "redis://127.0.0.1" in refused(open_redis(f"redis://{at}?timeout=500ms"))


def test_tls_to_a_server_without_it_says_so(redis_server: RedisServer, open_redis: OpenRedis) -> None:
    message = refused(open_redis(f"rediss://127.0.0.1:{redis_server.port}?connect_timeout=300ms"))
    assert "that it speaks TLS on this port" in message


def test_a_user_needs_no_more_rights_than_the_documentation_says(tmp_path: Path, open_redis: OpenRedis) -> None:
    with running(tmp_path) as server, server.client() as client:
        client.execute_command("ACL", "SETUSER", "iter8", "on", ">s3cret", *RIGHTS.split())
        at = f"127.0.0.1:{server.port}"
        store = open_redis(
            f"redis://iter8:s3cret@{at}",
        )
        store.record([], [value(n, f"user-{n % 9}", transaction=f"t{n}") for n in range(5000)])
        store.record([], [value(-n, f"user-{n % 9}") for n in range(5000)])
        store.record([], [value(1), value(1, fallback=arm(application="shop/api"))])
        assert store.report(APPLICATION, {0: "sig"})
        assert store.exposed_users(APPLICATION, {0: "sig"}) == {0: 10}
        assert store.statistics(APPLICATION, {0: "sig"})
        assert "only 0 of 1" in refused(open_redis(f"redis://iter8:s3cret@{at}?wait=1&wait_timeout=10ms"))
        message = refused(open_redis(f"redis://iter8:s3cret@{at}?prefix=other"))
        assert "docs/metrics-store.md lists the permissions" in message


def test_a_password_that_changes_is_read_again(tmp_path: Path, open_redis: OpenRedis) -> None:
    file = tmp_path / "password"
    file.write_text("first")
    with running(tmp_path / "redis", requirepass="first") as server, server.client() as client:
        store = open_redis(f"{server.url}?password_file={file}")
        assert works(store)
        client.config_set("requirepass", "second")
        client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        assert "password" in refused(store)
        file.write_text("second")
        assert works(store)
