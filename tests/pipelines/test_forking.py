"""Kernels forked from a warmed parent: as fresh as fresh ones, and nothing of one reaches another."""

from __future__ import annotations

import ast
import os
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from trackbook import process
from trackbook.pipelines.executors.forking.launching import ParentProcess
from trackbook.pipelines.executors.forking.manager import manager_of
from trackbook.pipelines.executors.forking.warm import WarmParent, WarmParents, warmth_of

from tests.forks.speaking import SPEAKS_LATE

pytestmark = pytest.mark.filterwarnings("ignore")  # ipykernel's and zmq's own
PYTHON = (sys.executable, "-Xfrozen_modules=off")
SECONDS = 30.0


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", **more}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("forking")


@pytest.fixture(scope="module")
def parent(place: Path) -> Iterator[WarmParent]:
    warm = WarmParent(warmth_of(PYTHON, place, ["numpy"], environment()))
    yield warm
    warm.close()


@pytest.fixture(scope="module")
def run(parent: WarmParent, place: Path) -> Callable[..., list[Any]]:
    """Run cells in a kernel of their own; return what the last expression of each is."""

    def run_cells(*cells: str, variables: Mapping[str, str] | None = None, folder: Path = place) -> list[Any]:
        client = client_of(parent, *cells)
        client.execute(env={**environment(), **(variables or {})}, cwd=str(folder))
        return [value_of(cell) for cell in client.nb.cells]

    return run_cells


def client_of(parent: WarmParent, *cells: str) -> NotebookClient:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(textwrap.dedent(cell)) for cell in cells])
    return NotebookClient(notebook, kernel_name="python3", kernel_manager_class=manager_of(parent.address))


def value_of(cell: Any) -> Any:
    for output in cell.outputs:
        if output.output_type == "execute_result":
            return ast.literal_eval(output.data["text/plain"])
    return None


def until(condition: Callable[[], bool]) -> bool:
    """Wait until something is so; return whether it has become so."""
    end = time.monotonic() + SECONDS
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def test_kernel_is_forked_and_has_what_its_parent_imported(run: Callable[..., list[Any]], parent: WarmParent) -> None:
    cells = ["import os, sys", "os.getppid()", "'numpy' in sys.modules", "__import__('threading').main_thread().name"]

    _, above, is_there, main = run(*cells)

    assert above == parent.pid
    assert is_there
    assert main == "MainThread"


def test_nothing_of_a_notebook_reaches_the_next(run: Callable[..., list[Any]], place: Path) -> None:
    """Modules, random state, variables, the environment, the folder, signals, warnings and logging."""
    (place / "first_party.py").write_text("value = 1")
    (place / "elsewhere").mkdir()
    dirty = """
        import os, sys, random, signal, warnings, logging, json, decimal, locale
        import numpy as np
        import first_party, wave
        x = 1
        first_party.value = 2
        json.spoilt = np.spoilt = True
        random.seed(1); np.random.seed(1)
        os.environ["LEAK"] = "1"
        os.chdir("elsewhere")
        sys.path.insert(0, "/leak")
        sys.argv.append("leak")
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        warnings.simplefilter("error")
        logging.basicConfig(level=1, force=True)
        decimal.getcontext().prec = 3
        np.seterr(all="raise")
        sys.setrecursionlimit(500)
        get_ipython().history_manager.store_inputs(9, "leak")
    """
    look = """
        import os, sys, random, signal, warnings, logging, json, decimal
        import numpy as np
        {
            "modules": [name for name in ("first_party", "wave") if name in sys.modules],
            "names": [name for name in ("x", "first_party") if name in globals()],
            "attributes": [hasattr(json, "spoilt"), hasattr(np, "spoilt")],
            "variable": os.environ.get("LEAK"),
            "folder": os.path.basename(os.getcwd()),
            "path": "/leak" in sys.path,
            "argv": "leak" in sys.argv,
            "signal": signal.getsignal(signal.SIGUSR1) == signal.SIG_DFL,
            "warnings": ("error", None, Warning, None, 0) in warnings.filters,
            "logging": (logging.getLogger().level, len(logging.getLogger().handlers)),
            "precision": decimal.getcontext().prec,
            "errors": np.geterr()["divide"],
            "recursion": sys.getrecursionlimit() > 500,
        }
    """

    run(dirty)
    (found,) = run(look)

    assert found == {
        "modules": [],
        "names": [],
        "attributes": [False, False],
        "variable": None,
        "folder": place.name,
        "path": False,
        "argv": False,
        "signal": True,
        "warnings": False,
        "logging": (30, 0),
        "precision": 28,
        "errors": "warn",
        "recursion": True,
    }


def test_each_kernel_draws_random_numbers_of_its_own(run: Callable[..., list[Any]]) -> None:
    draw = """
        import random, uuid, numpy as np, tempfile
        [random.random(), np.random.rand(), np.random.default_rng().random(), str(uuid.uuid4()),
         next(tempfile._get_candidate_names())]
    """

    (one,), (other,) = run(draw), run(draw)

    assert not {*one} & {*other}


def test_kernel_is_what_a_fresh_one_is(run: Callable[..., list[Any]], place: Path) -> None:
    """All that a notebook can see of how it was started, but for what is imported already."""
    look = """
        import os, sys, signal, logging, warnings, asyncio, threading
        [
            sys.argv[0], len(sys.argv), sys.path, sys.flags, sys.executable, sys.orig_argv[1:4], sys.warnoptions,
            os.getcwd(), os.getsid(0) == os.getpid(), os.getpgid(0) == os.getpid(), os.environ.get("MPLBACKEND"),
            str(signal.getsignal(signal.SIGINT)), str(signal.getsignal(signal.SIGTERM)),
            str(signal.getsignal(signal.SIGCHLD)), signal.pthread_sigmask(signal.SIG_BLOCK, []),
            logging.getLogger().handlers, sys.getrecursionlimit(), type(sys.stdout).__name__,
            type(asyncio.get_event_loop()).__name__,
            sorted({thread.name for thread in threading.enumerate()} - {"Shell channel"}),
            sorted(set(os.environ) - {"JPY_PARENT_PID"}), __name__, sys.modules["__main__"] is not None,
            get_ipython().history_manager.hist_file, get_ipython().profile, __import__("gc").get_threshold(),
            os.read(0, 1), os.umask(0o22), sys.getswitchinterval(), sorted(globals()), sys.excepthook.__qualname__,
            {name: sorted(values) for name, values in get_ipython().config.items()}, __import__("gc").isenabled(),
            {name: sorted(values) for name, values in get_ipython().kernel.parent.cli_config.items()},
            len(get_ipython().kernel.parent.argv), get_ipython().profile_dir.location,
        ].__repr__().replace("<function default_int_handler>", "default_int_handler")
    """
    names = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(textwrap.dedent(look))])
    fresh = NotebookClient(names, kernel_name="python3")

    (forked,) = run(look)
    fresh.execute(env=environment(), cwd=str(place))

    assert forked == value_of(fresh.nb.cells[0])


def test_kernels_of_a_parent_have_connections_of_their_own(run: Callable[..., list[Any]]) -> None:
    look = """
        import os
        from ipykernel.connect import get_connection_file
        app = get_ipython().kernel.parent
        [get_connection_file(), app.session.session, app.session.key.hex(), app.ip,
         os.path.basename(app.config.IPKernelApp.connection_file), app.argv[1], app.parent_handle == os.getppid()]
    """

    (one,), (other,) = run(look), run(look)

    assert not {*one[:-1]} & {*other[:-1]}
    assert one[0].endswith(one[4])
    assert one[5].endswith(one[4])
    assert one[-1]


def test_configuration_that_is_code_runs_in_each_kernel(tmp_path: Path) -> None:
    profile = tmp_path / "ipython" / "profile_default"
    profile.mkdir(parents=True)
    code = "import os; c.InteractiveShellApp.exec_lines = [f'read_by = {os.getpid()}']"
    (profile / "ipython_kernel_config.py").write_text(code)
    variables = environment(IPYTHONDIR=str(tmp_path / "ipython"))
    warm = WarmParent(warmth_of(PYTHON, tmp_path, [], variables))
    client = client_of(warm, "import os", "[read_by == os.getpid(), os.getppid()]")

    client.execute(env=variables, cwd=str(tmp_path))
    warm.close()

    assert value_of(client.nb.cells[1]) == [True, warm.pid]


def test_kernel_works_in_its_folder_with_its_variables(run: Callable[..., list[Any]], place: Path) -> None:
    folder = place / "analysis"
    folder.mkdir()
    (folder / "mine.py").write_text("value = 7")

    found = run(
        "import os, mine", "[os.getcwd(), mine.value, os.environ['TRACKBOOK_STORE']]",
        variables={"TRACKBOOK_STORE": "/here"}, folder=folder,
    )  # fmt: skip

    assert found[1] == [str(folder), 7, "/here"]


def test_kernel_of_another_environment_is_a_fresh_one(run: Callable[..., list[Any]], parent: WarmParent) -> None:
    _, above, given = run("import os", "os.getppid()", "os.environ['PANDAS_COPY']", variables={"PANDAS_COPY": "1"})

    assert above != parent.pid
    assert given == "1"


def test_notebook_fills_what_it_left_open_and_runs_what_is_to_run_at_exit(
    run: Callable[..., list[Any]], place: Path
) -> None:
    run(
        """
        import atexit, tempfile, threading, time
        open_file = open("open.txt", "w")
        open_file.write("all of it")
        atexit.register(lambda: open("exit.txt", "w").write("done"))
        class Kept:
            def __del__(self):
                open("kept.txt", "w").write("gone")
        kept = Kept()
        """
    )

    assert (place / "open.txt").read_text() == "all of it"
    assert (place / "exit.txt").read_text() == "done"
    assert (place / "kept.txt").read_text() == "gone"


def test_kernel_that_has_still_something_to_say_when_it_ends_ends_by_itself(
    run: Callable[..., list[Any]], place: Path
) -> None:
    run(SPEAKS_LATE)

    assert (place / "left.txt").read_text() == "all of it"  # a kernel that has to be killed writes nothing more


def test_shell_of_a_kernel_is_its_own(run: Callable[..., list[Any]]) -> None:
    kernel, parent, frontend, count, inputs, session, folder = run(
        "get_ipython().kernel is get_ipython().kernel.parent.kernel",
        "get_ipython().parent is get_ipython().kernel",
        "get_ipython().displayhook.pub_socket is get_ipython().kernel.iopub_socket",
        "get_ipython().execution_count",
        "In[1:]",
        "get_ipython().history_manager.session_number",
        "_dh[0].samefile('.')",
    )

    assert (kernel, parent, frontend, count, len(inputs), session, folder) == (True, True, True, 5, 5, 1, True)


def test_notebook_may_start_processes_and_threads(run: Callable[..., list[Any]]) -> None:
    _, threads, processes, shell = run(
        "import subprocess, sys, multiprocessing, concurrent.futures as cf, numpy as np",
        "list(cf.ThreadPoolExecutor(2).map(abs, [-1, -2]))",
        "with multiprocessing.get_context('fork').Pool(2) as pool:\n    found = pool.map(abs, [-1, -2])\nfound",
        "subprocess.run([sys.executable, '-c', 'print(3)'], capture_output=True, text=True).stdout",
    )

    assert (threads, processes, shell) == ([1, 2], [1, 2], "3\n")


def test_interrupt_reaches_the_cell(parent: WarmParent, place: Path) -> None:
    client = client_of(parent, "import time\nprint('at work', flush=True)\ntime.sleep(60)")
    client.timeout, client.interrupt_on_timeout = 2, True
    client.allow_errors = True

    client.execute(env=environment(), cwd=str(place))

    assert [output.ename for output in client.nb.cells[0].outputs if output.output_type == "error"] == [
        "KeyboardInterrupt"
    ]


def test_kernel_that_is_killed_is_told_of(parent: WarmParent, place: Path) -> None:
    client = client_of(parent, "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")

    with pytest.raises(Exception, match="died"):
        client.execute(env=environment(), cwd=str(place))


DRIVER = """
import asyncio, os, sys
from trackbook.pipelines.executors.forking.manager import manager_of
from trackbook.pipelines.executors.forking.warm import WarmParent, warmth_of
from pathlib import Path

async def main():
    parent = WarmParent(warmth_of((sys.executable, "-Xfrozen_modules=off"), Path.cwd(), [], os.environ))
    manager = manager_of(parent.address)(kernel_name="python3")
    await manager.start_kernel()
    client = manager.client()
    client.start_channels()
    await client.wait_for_ready(timeout=30)
    client.execute("import subprocess; child = subprocess.Popen(['sleep', '60'])")
    await client.get_shell_msg(timeout=30)
    print(parent.pid, manager.provisioner.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.parametrize("victim", ["driver", "parent"])
def test_kernel_ends_when_who_asked_for_it_or_its_parent_is_killed(victim: str, tmp_path: Path) -> None:
    driver = subprocess.Popen([sys.executable, "-c", DRIVER], stdout=subprocess.PIPE, cwd=tmp_path, env=environment())
    assert driver.stdout is not None
    with driver.stdout:
        parent, kernel = map(int, driver.stdout.readline().split())

    os.kill(driver.pid if victim == "driver" else parent, signal.SIGKILL)

    assert until(lambda: process.started(kernel) is None)
    assert until(lambda: process.started(parent) is None)
    driver.kill()
    driver.wait()


PACKAGES = {
    "chatty": "print('welcome')",
    "warns": "import warnings; warnings.warn('old')",
    "asking": "try:\n    from IPython import get_ipython\n    get_ipython()\nexcept Exception:\n    pass",
    "failing": "1 / 0",
    "missing": "import nowhere_to_be_found",
    "quiet": "import os; os.environ['QUIET_IS_HERE'] = '1'; value = 1",
    "threaded": "import threading, time; threading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
}


@pytest.fixture
def packages(tmp_path: Path) -> dict[str, str]:
    """Install packages, and return the environment that they are found in; one of somebody's own is beside them."""
    folder = tmp_path / f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
    folder.mkdir(parents=True)
    for name, source in PACKAGES.items():
        (folder / f"{name}.py").write_text(source)
    (tmp_path / "own.py").write_text("1 / 0")
    return environment(PYTHONUSERBASE=str(tmp_path), PYTHONPATH=f"{folder}:{tmp_path}")


def test_what_a_parent_must_not_import_is_told(packages: dict[str, str], tmp_path: Path) -> None:
    """What is not installed is not spoken of."""
    names = ["own", "nowhere", "json.dumps", *PACKAGES]
    look = (
        "from trackbook.pipelines.executors.forking.warming import reason_against, without_kernel\n"
        f"with without_kernel(): print({{name: reason_against(name) for name in {names}}})"
    )

    done = subprocess.run([sys.executable, "-c", look], env=packages, cwd=tmp_path, capture_output=True, check=True)

    assert ast.literal_eval(done.stdout.decode()) == {
        "chatty": "it says something when it is imported",
        "warns": "it says something when it is imported",
        "asking": "it asks for the kernel when it is imported",
        "failing": "its import fails (ZeroDivisionError)",
        "missing": "its import fails (ModuleNotFoundError)",
        "quiet": None,
        "threaded": "it starts threads when it is imported",
        **dict.fromkeys(("own", "nowhere", "json.dumps")),
    }


def test_parent_leaves_to_its_kernels_what_it_must_not_import(packages: dict[str, str], tmp_path: Path) -> None:
    warm = WarmParent(warmth_of(PYTHON, tmp_path, ["asking", "quiet"], packages))
    client = client_of(warm, f"import os, sys\n[[n for n in {[*PACKAGES]} if n in sys.modules], os.getppid()]")

    client.execute(env=packages, cwd=str(tmp_path))
    warm.close()

    assert warm.refused == {"asking": "it asks for the kernel when it is imported"}
    assert value_of(client.nb.cells[0]) == [["quiet"], warm.pid]


def test_parent_starts_though_all_that_it_should_import_is_refused(packages: dict[str, str], tmp_path: Path) -> None:
    refused = ["chatty", "failing", "missing", "warns", "threaded"]

    warm = WarmParent(warmth_of(PYTHON, tmp_path, refused, packages))
    is_alive = warm.is_alive
    warm.close()

    assert is_alive


def test_kernel_has_as_many_threads_for_algebra_as_it_should(tmp_path: Path) -> None:
    variables = environment(OPENBLAS_NUM_THREADS="2")
    warm = WarmParent(warmth_of(PYTHON, tmp_path, ["numpy"], variables))
    look = "import os, numpy, threadpoolctl\n[each['num_threads'] for each in threadpoolctl.threadpool_info()]"
    client = client_of(warm, look, "[os.getppid(), os.environ['OPENBLAS_NUM_THREADS']]")

    client.execute(env=variables, cwd=str(tmp_path))
    warm.close()

    assert [value_of(cell) for cell in client.nb.cells] == [[2], [warm.pid, "2"]]


def test_parents_are_shared_and_ended_when_too_many_are_idle(tmp_path: Path) -> None:
    parents = WarmParents(at_most=1)
    one, other = (warmth_of(PYTHON, tmp_path, names, environment()) for names in (["json"], ["csv"]))

    with parents.lend(one) as first, parents.lend(one) as again:
        same = first is again
    with parents.lend(other) as second:
        both_live = first.is_alive and second.is_alive
    with parents.lend(other):
        pass
    left = [first.is_alive, second.is_alive]
    parents.close()

    assert same
    assert both_live
    assert left == [False, True]
    assert not second.is_alive


def test_parent_listens_though_the_folder_of_temporary_files_has_a_long_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / ("long" * 25)
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))

    parent = ParentProcess([sys.executable, "-c", "input()"], {}, variables=os.environ)

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(parent.address)  # which raises where the path is too long
        assert Path(parent.address).is_socket()
    parent.close()


def test_parent_that_can_not_be_started_is_not_tried_again(tmp_path: Path) -> None:
    """Else each step of a pipeline would wait for it in vain."""
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\necho once >> {tmp_path}/starts\nexit 3\n")
    python.chmod(0o755)
    parents = WarmParents()
    warmth = warmth_of((str(python),), tmp_path, [], environment())

    for _ in range(2):
        with pytest.raises(OSError, match="exit code 3"), parents.lend(warmth):
            pass
    parents.close()

    assert (tmp_path / "starts").read_text() == "once\n"
