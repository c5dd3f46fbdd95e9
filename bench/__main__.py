"""`python -m bench`: all measures, or those that are named, and the page in docs/."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench import page
from bench.builds import ROOT, both
from bench.measures import commands, window
from bench.rows import Table

MEASURES: dict[str, Callable[..., Table]] = {"commands": commands.measure, "window": window.measure}


def main() -> None:
    """Runs the measures one after the other; nothing else should run beside them."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--baseline", default="3878499", help="commit to compare with")
    parser.add_argument("--runs", type=int, default=5, help="counted runs of each short command")
    parser.add_argument("measures", nargs="*", default=sorted(MEASURES), help=f"of {', '.join(sorted(MEASURES))}; all")
    chosen = parser.parse_args()
    unknown = set(chosen.measures) - set(MEASURES)
    if unknown:
        parser.error(f"no measure {', '.join(sorted(unknown))}; there is {', '.join(sorted(MEASURES))}")
    with tempfile.TemporaryDirectory(prefix="qsm-bench-") as folder, both(chosen.baseline, Path(folder)) as builds:
        tables = []
        for name in chosen.measures:
            print(f"measures {name}", flush=True)
            tables.append(MEASURES[name](builds, runs=chosen.runs))
        page.write(ROOT / "docs" / "benchmarks.md", tables, builds)
    print((ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
