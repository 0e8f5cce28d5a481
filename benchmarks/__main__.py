"""`python -m benchmarks [NAME ...]`: run the benchmarks and print a table."""

from __future__ import annotations

import argparse
import importlib
import os
import platform

from benchmarks.measurement import Measurement

NAMES = ("assignment", "metrics", "reconcile", "http")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure speed, as ratios within one run."
    )
    parser.add_argument(
        "names", nargs="*", choices=[*NAMES, []], default=list(NAMES), metavar="NAME", help=", ".join(NAMES)
    )
    names = parser.parse_args().names or NAMES
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}\n")
    for name in names:
        print(f"{name} ...", end="\r", flush=True)
        rows: list[Measurement] = importlib.import_module(f"benchmarks.{name}").measure()
        for row in rows:
            bar = f"   (bar: {row.bar})" if row.bar else ""
            print(f"{row.what:<64} {row.value:>18}{bar}", flush=True)


if __name__ == "__main__":
    main()
