"""`python -m benchmarks [NAME ...]`: run the benchmarks and print a table."""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import platform

from benchmarks.measurement import Measurement, table

# A module of this package each, with `measure`.
_WITHIN = ("assignment", "sdk", "openfeature", "metrics", "redis", "reconcile")
_ACROSS = ("outages", "seen", "git", "http", "grpc", "batch", "growth", "cluster")
SPEED = (*_WITHIN, *_ACROSS)
NAMES = (*SPEED, "aa", "streams", "agreement")


def main() -> None:
    description = (
        f"Measure speed, as ratios within one run: {', '.join(SPEED)} (default: all of these). "
        "aa: how often a difference is seen where there is none, in some minutes. "
        "streams: the same through the HTTP API of a running system, in a quarter of an hour. "
        "agreement: whether every transport gives a million users the same versions, in a quarter of an hour."
    )
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=description)
    parser.add_argument("names", nargs="*", metavar="NAME")
    names = parser.parse_args().names or SPEED
    for unknown in set(names) - set(NAMES):
        parser.error(f"there is no benchmark {unknown!r}")
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}\n")
    # Clients that send nothing, or whose server or file is away on purpose, would say so.
    for name in ("iter8_gitops.sdk", "openfeature.contrib"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    rows: list[Measurement] = []
    for name in names:
        found: list[Measurement] = importlib.import_module(f"benchmarks.{name}").measure()
        rows += found
        for row in found:
            bar = f"   (bar: {row.bar})" if row.bar else ""
            print(f"{row.what:<64} {row.value:>18}{bar}", flush=True)
    print(f"\n{table(rows)}")


if __name__ == "__main__":
    main()
