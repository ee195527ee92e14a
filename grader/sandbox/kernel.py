"""A room that is a fresh Jupyter kernel, with nothing around it.

It protects against accidents (endless loops, crashes), not against malice: student code runs as the
user who grades, and its isolation is recorded as "none".
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import nbformat
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from course import find
from course.describe import Plain

from .room import CellRun, Limits

_ANSWER = "application/vnd.autograd-course.plain+json"

# The history database would be opened and locked once for every submission.
_ARGUMENTS = ["--HistoryManager.enabled=False", "--IPKernelApp.log_level=ERROR"]


class _KernelManager(AsyncKernelManager):
    """Starts this very Python, whatever kernels are installed for the user."""

    @property
    def kernel_spec(self) -> KernelSpec:
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=[*command, *_ARGUMENTS], language="python", display_name="Python 3")


class KernelRoom:
    """A kernel in the folder `home`, which is also its HOME; see `Room` for the verbs."""

    isolation = "none"

    def __init__(self, home: Path, course_directory: Path, limits: Limits) -> None:
        self._client = NotebookClient(
            nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell()]),
            km=_KernelManager(),
            timeout=limits.cell_seconds,
            startup_timeout=limits.start_seconds,
            shutdown_kernel="immediate",
        )
        self._client.start_new_kernel(cwd=str(home), env=_environment(home, course_directory))
        self._client.start_new_kernel_client()
        provisioner: Any = cast(_KernelManager, self._client.km).provisioner
        self._pid: int = provisioner.pid

    def run(self, source: str) -> CellRun:
        """Run a cell as Jupyter would; after timeout or crashed the room is over."""
        cell = nbformat.v4.new_code_cell(source)
        try:
            self._client.execute_cell(cell, 0)
        except CellExecutionError as error:
            return CellRun("error", cell.outputs, (error.ename, error.evalue))
        except CellTimeoutError:
            return CellRun("timeout", cell.outputs)
        except DeadKernelError:
            return CellRun("crashed", cell.outputs)
        return CellRun("ok", cell.outputs)

    def fetch(self, name: str) -> Plain:
        """Return the observation (see `course.observe`) of the value that a name has."""
        if not name.isidentifier():
            raise ValueError(f"{name!r} is not a name")
        return self._ask(f"__import__('course.observe').observe.observe({name})")

    def call(self, function: str, case: Plain, sees: list[str]) -> Plain:
        """Call a function of the student's on a case's description; return what was seen."""
        if not function.isidentifier():
            raise ValueError(f"{function!r} is not a name")
        given = json.dumps([case, sees])
        return self._ask(
            f"(lambda given: __import__('course.trial').trial.attempt(given[0], "
            f"{{{function!r}: {function}}}, given[1]).to_plain())"
            f"(__import__('json').loads({given!r}))"
        )

    def _ask(self, expression: str) -> Plain:
        """Evaluate an expression that gives plain data; raises RuntimeError where it does not."""
        shown = f"{{{_ANSWER!r}: {expression}}}"
        run = self.run(f"__import__('IPython').display.display({shown}, raw=True)")
        for output in run.outputs:
            if _ANSWER in output.get("data", {}):
                return output["data"][_ANSWER]
        raise RuntimeError(f"the room gave no answer ({run.status}: {run.error})")

    def peak_memory_mb(self) -> float | None:
        """Return the most memory that the kernel has held so far, None where nobody counts it."""
        try:
            status = Path(f"/proc/{self._pid}/status").read_text()
            line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
            return round(int(line.split()[1]) / 1024, 1)
        except (OSError, StopIteration):
            return None

    def close(self) -> None:
        """End the kernel and all that it started in its own process group."""
        # The kernel leads a group of its own; killing it ends what student code has started there,
        # and is faster than asking the kernel to shut down.
        with contextlib.suppress(ProcessLookupError, PermissionError, AttributeError):
            os.killpg(self._pid, signal.SIGKILL)
        with contextlib.suppress(Exception):
            self._client._cleanup_kernel()


def _cache() -> Path:
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "autograd-course"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _environment(home: Path, course_directory: Path) -> Mapping[str, Any]:
    """Make an environment that is the same on every run and holds nothing of the grader's user."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in ("PATH", "LANG", "LC_ALL", "TZ", "SYSTEMROOT", "LD_LIBRARY_PATH", "PYTHONPATH")
    }
    return kept | {
        "HOME": str(home),
        "IPYTHONDIR": str(home / ".ipython"),
        "JUPYTER_RUNTIME_DIR": str(home / ".runtime"),
        # One font cache for all rooms: finding the machine's fonts takes seconds.
        "MPLCONFIGDIR": str(_cache() / "matplotlib"),
        # Hashes and sums in a fixed order, or grading again could give another result.
        "PYTHONHASHSEED": "0",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "NBGRADER_EXECUTION": "autograde",
        find.COURSE_DIRECTORY_VARIABLE: str(course_directory),
    }
