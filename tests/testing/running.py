"""Runs suites: here, test by test, to see what each of them says; and in a pytest of its own, as an author would."""

from __future__ import annotations

import inspect
import signal
import subprocess
import sys
import textwrap
import types
from collections.abc import Mapping
from pathlib import Path

import pytest

from iter8_gitops.testing import ObjectContract, PluginContract

_OPTIONS = ("-q", "-p", "no:cacheprovider", "-p", "no:xdist")
_PATIENCE = 120.0


def module_of(source: str, name: str = "the_plugin") -> types.ModuleType:
    """A module with this source."""
    module = types.ModuleType(name)
    exec(compile(textwrap.dedent(source), f"{name}.py", "exec"), module.__dict__)
    return module


def complaints(
    contract: type[PluginContract], fixtures: Mapping[str, object] | None = None, only: str = ""
) -> dict[str, str]:
    """What fails of a suite, and what is said: name of the test -> message. Of several samples the first counts.

    Tests with other arguments than samples and `fixtures` are left out, and so are all but `only` if it is given.
    """
    said: dict[str, str] = {}
    known = dict(fixtures or {})
    for name in (name for name in dir(contract) if name.startswith(only or "test_")):
        choices: list[dict[str, object]]
        arguments = list(inspect.signature(getattr(contract, name)).parameters)[1:]
        if arguments == ["sample"] and issubclass(contract, ObjectContract):
            choices = [{"sample": sample} for sample in sorted(contract.sample_names())]
        elif set(arguments) <= known.keys():
            choices = [{argument: known[argument] for argument in arguments}]
        else:
            continue
        for chosen in choices:
            if name not in said and (message := _complaint(contract, name, chosen)):
                said[name] = message
    return said


def run_pytest(folder: Path, suite: str, **modules: str) -> str:
    """What pytest prints of the module `suite`, with `modules` beside it."""
    for name, text in {**modules, "test_suite": suite}.items():
        (folder / f"{name}.py").write_text(textwrap.dedent(text), encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\npythonpath = .\nfilterwarnings = error\n")
    command = [sys.executable, "-X", "faulthandler", "-m", "pytest", *_OPTIONS, "test_suite.py"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as child:
        try:
            shown, _ = child.communicate(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGABRT)  # Then it tells where it stands.
            shown, _ = child.communicate(timeout=10)
            pytest.fail(f"a pytest of its own took longer than {_PATIENCE} s:\n{shown}")
        finally:
            child.kill()
    return shown


def _complaint(contract: type[PluginContract], name: str, arguments: Mapping[str, object]) -> str:
    try:
        getattr(contract(), name)(**arguments)
    except (pytest.fail.Exception, Exception) as error:  # noqa: BLE001 - whatever a test may fail with
        return str(error) or type(error).__name__
    return ""
