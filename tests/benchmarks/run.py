"""Measures what tracking costs, each figure beside its peer or its physical limit, in the same run, by turns.

``make bench`` runs it, prints a table and writes ``benchmarks.json`` beside this file; what its fields mean stands at
`timing.Benchmark`. Each subject has a process of its own, each peer an environment of its own in ``.venv/peers``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from peer import REQUIREMENTS, install
from timing import QUICK, Bench, Benchmark, Figure, Sizes, benchmark_of

RESULTS = Path(__file__).with_name("benchmarks.json")
SUBJECTS = ("imports", "cells", "fits", "points", "runs", "frames", "snapshots", "keeping", "pipelines", "panel")


def main() -> None:
    """Measure all subjects or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT", help=f"some of {', '.join(SUBJECTS)}")
    parser.add_argument("--quick", action="store_true", help="tiny sizes and no peers: only shows that all of it runs")
    parser.add_argument("--output", type=Path, default=RESULTS, help="where the results go")
    parser.add_argument("--answer", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if unknown := set(asked.subjects) - {*SUBJECTS}:
        parser.error(f"There is no subject {', '.join(sorted(unknown))}. The subjects are {', '.join(SUBJECTS)}.")
    if asked.answer:
        _measure(asked.subjects[0], asked.answer)
        return
    peers, failures = ({}, {}) if asked.quick else _peers()
    results: list[Benchmark] = []
    for subject in asked.subjects or SUBJECTS:
        print(f"Measuring {subject} ...", file=sys.stderr, flush=True)
        results += _results(subject, QUICK if asked.quick else Sizes(), peers, failures)
        asked.output.write_text(json.dumps([asdict(each) for each in results], indent=2) + "\n", encoding="utf-8")
    print(_table(results))


def _peers() -> tuple[dict[str, str], dict[str, str]]:
    """Return the Pythons of the peers, and why others are missing; papermill is in ours."""
    print(f"Installing peers: {', '.join(REQUIREMENTS)} ...", file=sys.stderr, flush=True)
    made = {name: install(name) for name in REQUIREMENTS}
    pythons = {name: python for name, (python, _) in made.items() if python}
    pythons["papermill"] = sys.executable
    return pythons, {name: why for name, (_, why) in made.items() if why}


def _results(subject: str, sizes: Sizes, peers: dict[str, str], failures: dict[str, str]) -> list[Benchmark]:
    """Measure a subject in a process of its own; what breaks it is its result."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        answer = folder / "answer.json"
        answer.write_text(json.dumps([asdict(sizes), peers, failures]), encoding="utf-8")
        variables = {"TRACKBOOK_STORE": str(folder / "store"), "IPYTHONDIR": str(folder / "ipython")}
        done = subprocess.run(
            [sys.executable, str(Path(__file__).resolve()), subject, "--answer", str(answer)],
            cwd=folder,
            env={**os.environ, **variables},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        if done.returncode:
            broken = Figure(name=subject, peer_name="", goal=0, ours=[], peer=[], failure=done.stderr[-1000:])
            return [benchmark_of(broken)]
        return [benchmark_of(Figure(**each)) for each in json.loads(answer.read_text(encoding="utf-8"))]


def _measure(subject: str, answer: Path) -> None:
    sizes, peers, failures = json.loads(answer.read_text(encoding="utf-8"))
    bench = Bench(folder=answer.parent, sizes=Sizes(**sizes), peers=peers, failures=failures)
    figures = import_module(f"subjects.{subject}").figures(bench)
    answer.write_text(json.dumps([asdict(each) for each in figures]), encoding="utf-8")


def _table(results: list[Benchmark]) -> str:
    row = "{:55} {:>10} {:>10}  {:52} {:>7} {:>6}  {:5} {:>6}".format
    lines = [row("what", "ours", "peer", "peer is", "ratio", "goal", "holds", "spread")]
    for each in results:
        amounts = _amount(each.ours, each.unit), _amount(each.peer, each.unit)
        ratio = "-" if each.ratio is None else f"{each.ratio:.3g}"
        spread = "-" if each.spread is None else f"{each.spread:.0%}"
        holds = "yes" if each.holds else "no"
        lines.append(row(each.name, *amounts, each.peer_name, ratio, f"{each.goal:.3g}", holds, spread))
        lines += [f"    {each.failure}"] if each.failure else []
    return "\n".join(lines)


def _amount(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    if unit == "bytes":
        return f"{value:,.0f} B"
    return f"{value * 1e6:.1f} us" if value < 1e-3 else f"{value * 1e3:.2f} ms"


if __name__ == "__main__":
    main()
