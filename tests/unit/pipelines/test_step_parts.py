from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from nbclient.exceptions import DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.iorw import papermill_io
from trackbook.pipelines.steps.abandoned import end_abandoned
from trackbook.pipelines.steps.job import StepEvent, StepJob, StepResult, StepStatus
from trackbook.pipelines.steps.messages import job_line, read_job, read_told, told_line
from trackbook.pipelines.steps.outcomes import cell_error, describe_death, describe_end, outcome_of, read_error
from trackbook.pipelines.steps.recorded_client import RecordedClient
from trackbook.pipelines.steps.recording import Answer, NoAnswerError, Said, read_answer
from trackbook.pipelines.steps.redacted_file import redact_files_in
from trackbook.pipelines.steps.running import variables_of
from trackbook.pipelines.sweeps.record import kept_notebook
from trackbook.records import Outcome
from trackbook.tracking.executed_notebook import executed_notebook

JOB = StepJob(name="train[C=1]", notebook=Path("a.ipynb"), output=Path("o.ipynb"))


def executed(*outputs: tuple[str, str], tags: tuple[str, ...] = ()) -> nbformat.NotebookNode:
    cells = []
    for name, value in outputs:
        cell = nbformat.v4.new_code_cell("x = 1\nboom()", metadata={"tags": list(tags)})
        if name:
            cell.outputs = [nbformat.v4.new_output("error", ename=name, evalue=value, traceback=[])]
        cells.append(cell)
    return nbformat.v4.new_notebook(cells=cells)


def test_jobs_and_what_is_told_travel_as_they_are():
    job = StepJob(
        name="é", notebook=Path("/a b.ipynb"), output=Path("o"), params={"C": [1, None, {"a": float("inf")}]}, threads=2
    )
    event = StepEvent(name="é", metric="loss", value=0.5, step=3)
    result = StepResult(name="é", status=StepStatus.FAILED, error="ValueError", message="a\nb", line=2, seconds=1.5)

    assert read_job(job_line(job)) == job
    assert (read_told(told_line(event)), read_told(told_line(result))) == (event, result)
    assert (read_told(b"{}"), read_told(b"a print"), read_told(b"[1]")) == (None, None, None)


@pytest.mark.parametrize(
    ("name", "value", "outcome"),
    [
        ("", "", Outcome.OK),
        ("SystemExit", "0", Outcome.OK),
        ("SystemExit", "", Outcome.OK),
        ("SystemExit", "3", Outcome.ERROR),
        ("ValueError", "no data", Outcome.ERROR),
    ],
)
def test_outcome_is_what_papermill_would_raise(name, value, outcome):
    assert outcome_of(executed(("", ""), (name, value)))[0] is outcome


def test_cell_that_failed_without_a_word_is_an_error():
    notebook = executed(("", ""))
    notebook.cells[0].metadata["papermill"] = {"exception": True}

    found = cell_error(notebook)

    assert found is not None
    assert (found.index, found.name) == (0, "CellExecutionError")


@pytest.mark.parametrize(
    "traceback",
    [
        ["\x1b[31mValueError\x1b[39m", "\x1b[36mCell\x1b[39m\x1b[32mIn[4], line 2\x1b[39m\n     x = 1\n", "ValueError"],
        ["Input In [4], in <cell line: 2>()", "File a.py:7, in f()"],
        ["Cell In[4], line 2, in <module>", "Cell In[3], line 9, in f"],
    ],
)
def test_line_of_an_error_is_the_cells_own(traceback):
    found = read_error(3, "x = 1\n  boom()", "ValueError", "\x1b[1mno\x1b[0m", traceback)

    assert (found.line, found.source_line, found.message) == (2, "boom()", "no")


def test_line_is_unknown_where_the_traceback_does_not_say():
    found = read_error(3, "x = 1", "ValueError", "no", ["Cell In[9], line 40"])

    assert (found.line, found.source_line) == (None, None)


@pytest.mark.parametrize(
    ("code", "printed", "told"),
    [
        (-9, "[IPKernelApp] WARNING | without encryption\n", "The step's process was killed (SIGKILL)"),
        (1, "Traceback\nImportError: no papermill\n[x] WARNING | y\n", "Its last words: ImportError: no papermill"),
        (3, "", "The step's process ended by itself, with exit code 3."),
    ],
)
def test_end_of_a_steps_process_is_told_with_its_last_words_that_matter(code, printed, told):
    found = describe_end(code, printed)

    assert told in found
    assert "WARNING" not in found


def test_notebook_that_asks_a_person_is_told_to_take_a_param():
    error = cell_error(executed(("StdinNotImplementedError", "raw_input was called, but ...")))

    assert error is not None
    assert error.message == (
        "The notebook asks a question by input(), and nobody is there to answer. Make a param of the answer."
    )


@pytest.mark.parametrize(
    ("code", "is_stopped", "words"),
    [
        (-9, False, "ran out of memory"),
        (-11, False, "crashed (SIGSEGV)"),
        (7, False, "exit code 7"),
        (0, False, "exit code 0"),
        (None, False, "died"),
        (-9, True, "did not stop"),
    ],
)
def test_death_of_a_kernel_is_told_by_its_exit_code(code, is_stopped, words):
    manager = SimpleNamespace(provisioner=SimpleNamespace(process=SimpleNamespace(returncode=code)))

    assert words in describe_death(manager, is_stopped=is_stopped)


def test_answer_that_is_none_says_why():
    failed = {"user_expressions": {"trackbook": {"status": "error", "ename": "ModuleNotFoundError", "evalue": "no m"}}}
    other = {"user_expressions": {"trackbook": {"status": "ok", "data": {"text/plain": "3"}}}}

    with pytest.raises(NoAnswerError, match="ModuleNotFoundError: no m"):
        read_answer(failed)
    with pytest.raises(NoAnswerError, match="can't be read"):
        read_answer(other)


def test_libraries_threads_are_bounded_unless_a_person_has_said_so(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)

    bounded = variables_of(StepJob(name="a", notebook=Path("a"), output=Path("o"), threads=1, store="/s"))

    assert (bounded["OMP_NUM_THREADS"], bounded["OPENBLAS_NUM_THREADS"], bounded["TRACKBOOK_STORE"]) == ("3", "1", "/s")
    assert "MKL_NUM_THREADS" not in variables_of(JOB)


def test_kept_notebook_holds_no_credentials():
    secret = "hunter2-and-more"
    notebook = executed(("ValueError", f"bad password {secret}"))
    notebook.cells[0].source = [f"password = '{secret}'\n", "print(password)"]
    notebook.cells[0].outputs.append(nbformat.v4.new_output("stream", text=[f"{secret}\n"]))
    notebook.metadata["papermill"] = {"parameters": {"password": secret, "C": 1}}

    name, content, media_type = executed_notebook("out.ipynb", notebook)

    assert (name, media_type) == ("out.ipynb", "application/x-ipynb+json")
    assert secret.encode() not in content
    assert b'"C": 1' in content
    assert nbformat.reads(content.decode(), as_version=4).cells[0].source.endswith("print(password)")


def test_notebooks_of_a_folder_are_written_without_credentials(tmp_path):
    (tmp_path / "kept").mkdir()
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("password = 'hunter2-and-more'\nC = 1")])
    text = nbformat.writes(notebook)

    redact_files_in(str(tmp_path / "kept"))
    papermill_io.write(text, str(tmp_path / "kept" / "out.ipynb"))
    papermill_io.write(text, str(tmp_path / "out.ipynb"))

    kept = nbformat.read(tmp_path / "kept" / "out.ipynb", as_version=4)
    assert kept.cells[0].source == "password = '[secret]'\nC = 1"
    assert (tmp_path / "out.ipynb").read_text() == text


def test_notebook_without_credentials_is_kept_with_a_sweep_to_the_byte(tmp_path):
    odd = json.dumps(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("C = 1")]), indent=4)
    (tmp_path / "plain.ipynb").write_text(odd)
    (tmp_path / "secret.ipynb").write_text(odd.replace("C = 1", "password = 'hunter2-and-more'"))

    kept = [kept_notebook(tmp_path / name) for name in ("plain.ipynb", "secret.ipynb")]

    assert kept[0] == odd.encode()
    assert b"hunter2" not in kept[1]
    assert b"[secret]" in kept[1]


def test_fault_of_ours_at_the_end_of_an_execution_is_told_and_is_none_of_the_notebooks():
    answer = Answer(run_id="r1", location=object(), warnings=())  # type: ignore[arg-type]  # what no kernel says

    told = end_abandoned(answer, Outcome.OK, None, "n.ipynb", nbformat.v4.new_notebook())

    assert told is not None
    assert told.startswith("How the execution ended could not be written to the store")


@pytest.mark.parametrize("ends_itself", [True, False])
def test_kernel_that_a_notebook_ends_after_its_last_cell_is_no_failure(ends_itself, monkeypatch):
    """As ``quit()`` and ``do_shutdown`` do; before the last cell has run it is one."""
    notebook = nbformat.v4.new_notebook()
    manager = SimpleNamespace(kernel_spec=SimpleNamespace(language="julia"))  # whose executions are not recorded

    def execute(client, **options):
        if ends_itself:
            client.papermill_execute_cells()
        raise DeadKernelError("Kernel died")

    monkeypatch.setattr(PapermillNotebookClient, "execute", execute)
    monkeypatch.setattr(PapermillNotebookClient, "papermill_execute_cells", lambda client: None)
    client = RecordedClient(SimpleNamespace(nb=notebook), said=Said())
    client.km = manager

    if ends_itself:
        assert client.execute() is notebook
    else:
        with pytest.raises(DeadKernelError):
            client.execute()
