"""Asks the rules of a file about a run or a pipeline: what CI calls."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from trackbook.cli.base import cli, complete_runs, json_option, print_json, project_of, store_option
from trackbook.errors import InvalidValueError

if TYPE_CHECKING:
    from trackbook.pipelines.gates.judging import GateReport

_REPORTS = (".md", ".json")


def _print_schema(ctx: click.Context, _: click.Parameter, is_asked: bool) -> None:
    if is_asked:
        from trackbook.pipelines.gates.file import schema_text

        click.echo(schema_text(), nl=False)
        ctx.exit()


@cli.command("gate", epilog="Example: trackbook gate latest --rules gate.yaml")
@click.argument("run", metavar="RUN|PIPELINE", shell_complete=complete_runs)
@click.option(
    "--rules",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("gate.yaml"),
    show_default=True,
    metavar="PATH",
    help="The file with the rules.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False),
    metavar="PATH",
    help="Write the report there as well, anew each time: a .md or .json file.",
)
@click.option(
    "--schema",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_schema,
    help="Print the JSON schema of gate.yaml, for editors.",
)
@store_option
@json_option
@click.pass_context
def gate_command(ctx: click.Context, run: str, rules: Path, output: str | None, as_json: bool) -> None:
    """Say whether a run, or the newest finished run of a pipeline, meets the rules of a file.

    Prints a table in Markdown. Exit code 0 if every rule passes, 1 if one fails or isn't known. Rules: thresholds,
    not_worse_than, checks, verdict, reproduced, max_seconds, nbval.
    """
    from trackbook.display.gate import gate_markdown, gate_payload
    from trackbook.pipelines.gates.file import read_gate
    from trackbook.pipelines.gates.judging import judge
    from trackbook.pipelines.gates.subject import find_subject

    _check_output(output)
    gate = read_gate(rules)
    report = judge(find_subject(project_of(ctx).store, run), gate.rules)
    if output is not None:
        _write(Path(output), report)
    if as_json:
        print_json(gate_payload(report))
    else:
        click.echo(gate_markdown(report), nl=False)
    ctx.exit(0 if report.is_passed else 1)


def _check_output(output: str | None) -> None:
    """Refuse before anything takes time; only a report is ever written over."""
    if output is not None and Path(output).suffix not in _REPORTS:
        raise InvalidValueError(f"'{output}' is no report. Name a file that ends with .md or .json.")


def _write(path: Path, report: GateReport) -> None:
    from trackbook.display.gate import gate_markdown, gate_payload
    from trackbook.display.payload import dumps

    text = gate_markdown(report) if path.suffix == ".md" else dumps(gate_payload(report)) + "\n"
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InvalidValueError(f"The report '{path}' can't be written: {error.strerror}.") from None
