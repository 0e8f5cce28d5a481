"""What a URL may say, and that no message shows a secret."""

from __future__ import annotations

from pathlib import Path

import pytest
from iter8_gitops_plugins.backends import redis

from iter8_gitops.contracts.metric_store import MetricStoreRequest
from iter8_gitops.errors import ConfigurationError, UnavailableError
from iter8_gitops.hooks.manager import Plugins
from iter8_gitops.metrics.redis.options import Address, RedisOptions, Tls
from iter8_gitops.metrics.redis.passwords import Literal
from iter8_gitops.metrics.redis.urls import parse
from iter8_gitops.secret_references import FromEnvironment, FromFile

SECRET = "hunter2-secret"


def refusal(url: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        parse(url)
    message = str(caught.value)
    assert message.startswith("--metrics-store: ")
    assert SECRET not in message
    return message


def test_a_host_is_enough() -> None:
    assert parse("redis://cache") == RedisOptions((Address("cache", 6379),))


def test_everything_may_be_said(tmp_path: Path) -> None:
    for name in ("ca", "cert", "key"):
        (tmp_path / name).write_text("")
    given = parse(
        f"rediss://ann:p%40ss%2F@[::1]:7000/3?prefix=shop:x&timeout=1m&connect_timeout=100ms&wait=2&wait_timeout=1.5s"
        f"&transactions=48h&ca_file={tmp_path}/ca&cert_file={tmp_path}/cert&key_file={tmp_path}/key"
    )
    assert given == RedisOptions(
        addresses=(Address("::1", 7000),),
        database=3,
        user="ann",
        password=Literal("p@ss/"),
        tls=Tls(tmp_path / "ca", tmp_path / "cert", tmp_path / "key"),
        prefix="shop:x",
        timeout=60.0,
        connect_timeout=0.1,
        wait=2,
        wait_timeout=1.5,
        kept_transactions=172_800.0,
    )


def test_a_cluster_may_have_several_addresses() -> None:
    given = parse("redis+cluster://a,b:7001,[::1]:7002")
    assert given.cluster
    assert given.addresses == (Address("a", 6379), Address("b", 7001), Address("::1", 7002))
    assert parse("redis+cluster://[::1]:7001,a").addresses == (Address("::1", 7001), Address("a", 6379))
    assert parse("rediss+cluster://a").tls == Tls()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis://h?tiemout=1s", "there is no option 'tiemout', do you mean timeout? (the options are ca_file,"),
        ("redis://h?timeout=1s&timeout=2s", "'timeout' is there twice"),
        ("redis://h?timeout", "?name=value"),
        ("redis://h?timeout=5", "timeout: it must be longer than 0; write a duration"),
        ("redis://h?timeout=0s", "timeout: it must be longer than 0"),
        ("redis://h?wait=many", "wait: it must be a number of replicas"),
        ("redis://h?wait=1&wait_timeout=5s", "wait_timeout must be shorter than timeout"),
        ("redis://h?transactions=1h", "transactions: it must be from 24h"),
        ("redis://h?prefix={x}", "prefix: 1 to 64 letters"),
        ("redis://h?ca_file=/etc/passwd", "ca_file, cert_file and key_file are for TLS"),
        ("rediss://h?ca_file=/no/such", "ca_file: cannot read /no/such"),
        ("rediss://h?key_file=/etc/passwd", "key_file goes with cert_file"),
        ("redis://h/one", "number of a database"),
        ("redis://h/0?db=1", "db is no option: give it behind the host"),
        ("redis+cluster://h/1", "only the database 0"),
        ("redis://a,b", "only a cluster has several addresses"),
        ("redis://h:0", "a number from 1 to 65535"),
        ("redis://h:70000", "a number from 1 to 65535"),
        ("redis://ann@h", "a user needs a password"),
        (f"redis://:{SECRET}@h?password_env=P", "give one password"),
        (f"redis://h?password={SECRET}", "password is no option: give it as password_file or password_env"),
        (f"redis://ann:{SECRET}#x@h", "percent-encode"),
        (f"redis://ann:{SECRET}?x@h", "percent-encode"),
        (f"redis://ann:{SECRET}/x@h", "percent-encode"),
        (f"redis://ann:x/{SECRET}@h", "percent-encode"),
        (f"redis://ann:x@{SECRET}!@h!", "a host has a character that none has"),
        (f"redis://h:{SECRET}", "the port must be a number"),
        (f"redis://ann:[{SECRET}@h", "percent-encode"),
        (f"redis://ann:{SECRET}]@h", "percent-encode"),
        (f"redis://ann:x@h#{SECRET}", "percent-encode"),
        ("redis://h#", "percent-encode"),
        ("redis://h\nx", "a host has a character that none has"),
        ("redis://[::1]x", "a host has a character that none has"),
        ("redis:/h", "write redis://host:port"),
        (f"redis://h?{SECRET}=1", "there is no option of that name"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(url: str, said: str) -> None:
    assert said in refusal(url)


def test_neither_the_name_of_a_store_nor_its_options_show_the_password() -> None:
    given = parse(f"rediss+cluster://ann:{SECRET}@h?prefix=x")
    assert str(given) == "rediss+cluster://h:6379"
    assert SECRET not in repr(given)
    assert str(parse(f"redis://:{SECRET}@h/2")) == "redis://h:6379/2"


def test_a_password_is_read_from_a_file_or_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "password"
    file.write_text(f"{SECRET}\r\n")
    monkeypatch.setenv("STORE_PASSWORD", f"{SECRET}\n")
    by_file, by_variable = parse(f"redis://h?password_file={file}"), parse("redis://h?password_env=STORE_PASSWORD")
    assert by_file.password == FromFile(file, "--metrics-store: password_file")
    assert by_variable.password == FromEnvironment("STORE_PASSWORD", "--metrics-store: password_env")
    assert [given.password.read() for given in (by_file, by_variable) if given.password] == [SECRET, SECRET]


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe", b"x" * 70_000])
def test_a_password_that_cannot_be_read_is_told_when_the_store_is_opened(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "password"
    if content is not None:
        file.write_bytes(content)
    request = MetricStoreRequest(f"redis://h?password_file={file}", tmp_path / "unused.db")
    with pytest.raises(ConfigurationError, match="password_file"):
        Plugins.load(entry_points=False, extra={"redis": redis}).open_metric_store(request)


def test_a_variable_that_is_not_set_is_told_when_the_store_is_opened(tmp_path: Path) -> None:
    request = MetricStoreRequest("redis://h?password_env=NO_SUCH_VARIABLE", tmp_path / "unused.db")
    with pytest.raises(ConfigurationError, match="NO_SUCH_VARIABLE is not set"):
        redis.open_metric_store(request)


def test_a_missing_client_is_told_with_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis, "find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match=r"pip install 'iter8-gitops\[redis\]'"):
        redis.open_metric_store(MetricStoreRequest("redis://h", tmp_path / "unused.db"))


@pytest.mark.parametrize("url", ["sqlite:", "redis:", "redis", "rediss+x://h", "valkey://h"])
def test_other_forms_are_left_to_other_plugins(tmp_path: Path, url: str) -> None:
    assert redis.open_metric_store(MetricStoreRequest(url, tmp_path / "unused.db")) is None


def test_a_password_file_that_vanishes_later_is_told(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(SECRET)
    store = redis.open_metric_store(MetricStoreRequest(f"redis://127.0.0.1:1?password_file={file}", tmp_path / "u"))
    assert store is not None
    file.unlink()
    with pytest.raises(UnavailableError):
        store.report("shop/web", {0: "sig"})
    store.close()
