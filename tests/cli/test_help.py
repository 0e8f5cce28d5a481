"""Help and errors of the command line."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from iter8_gitops import __version__
from iter8_gitops.cli import main

COMMANDS = sorted(main.commands)


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, arguments)
    return result.exit_code, result.stdout, result.stderr


def test_the_commands_are_listed_with_what_they_do() -> None:
    code, said, _ = run("--help")
    assert code == 0
    assert {"controller", "demo", "explain", "get", "lookup", "serve", "grpc", "schema", "up", "validate"} <= set(
        COMMANDS
    )
    assert all(f"  {command} " in said for command in COMMANDS)


@pytest.mark.parametrize("command", [c for c in COMMANDS if c != "get"] + ["get routemaps", "get sources"])
def test_every_command_has_help_with_an_example(command: str) -> None:
    code, said, _ = run(*command.split(), "--help")
    assert code == 0
    assert "Example" in said
    assert f"iter8-gitops {command}" in said


def test_the_version_is_told() -> None:
    assert run("--version") == (0, f"iter8-gitops, version {__version__}\n", "")


@pytest.mark.parametrize("command", [["lookup", "shop/web", "alice"], ["get", "routemaps"]])
def test_a_server_out_of_reach_is_one_line_and_exit_code_2(command: list[str]) -> None:
    code, said, error = run(*command, "--server", "http://127.0.0.1:1")
    assert (code, said) == (2, "")
    assert error.count("\n") == 1
    assert "cannot reach http://127.0.0.1:1" in error


def test_a_server_that_is_no_address_is_refused() -> None:
    code, _, error = run("lookup", "shop/web", "alice", "--server", "file:///etc/passwd")
    assert code == 2
    assert "not an http" in error


def test_a_port_in_use_is_told_before_anything_starts(tmp_path: object) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        code, _, error = run("up", str(tmp_path), "--state-dir", f"{tmp_path}/state", "--port", port)
    assert code == 2
    assert f"127.0.0.1:{port}" in error
