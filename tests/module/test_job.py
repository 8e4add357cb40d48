"""The supervisor, as a real process with real modules that behave well and badly."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import pelagos
from pelagos.module import lock, processes

BEHAVIOURS = Path(__file__).parents[1] / "jobs" / "behaviours.py"


class Run:
    """One run folder, and the supervisor of it once it is started."""

    def __init__(self, folder: Path) -> None:
        self.code = folder / "code"
        self.code.mkdir()
        (self.code / "pelagos").symlink_to(Path(pelagos.__file__).parent)
        (self.code / "behaviours.py").symlink_to(BEHAVIOURS)
        self.folder = folder / "run"
        self.folder.mkdir()
        self.token = f"token-{time.time_ns()}"
        self.supervisors: list[subprocess.Popen[bytes]] = []
        self.spec: dict[str, Any] = {
            "id": "0" * 32,
            "kind": "training",
            "token": self.token,
            "module": {"name": "behaviours", "kind": "native", "entry": "", "cwd": None},
            "arguments": {},
            "resources": {},
            "cache": str(folder / "cache"),
            "resume": None,
            "grace_s": 1.0,
        }

    def start(self, behaviour: str, *, environment: dict[str, str] | None = None, **arguments: Any) -> Run:
        """Write the spec and start a supervisor."""
        self.spec["module"]["entry"] = f"behaviours:{behaviour}"
        self.spec["arguments"] = arguments
        (self.folder / "spec.json").write_text(json.dumps(self.spec))
        return self.start_again(environment)

    def start_again(self, environment: dict[str, str] | None = None) -> Run:
        """Start a supervisor on the spec that is there."""
        ours = {"PYTHONPATH": str(self.code), "PYTHONUNBUFFERED": "1", "PELAGOS_RUN": self.token}
        command = [sys.executable, "-m", "pelagos.module.job", str(self.folder / "spec.json")]
        self.supervisors.append(subprocess.Popen(command, env={**os.environ, **ours, **(environment or {})}, cwd="/"))
        return self

    def end(self) -> dict[str, Any]:
        """Wait for the end; gives the outcome."""
        self.supervisors[-1].wait(timeout=30)
        outcome: dict[str, Any] = json.loads((self.folder / "outcome.json").read_bytes())
        return outcome

    def await_(self, condition: Callable[[], bool], within_s: float = 15.0) -> None:
        """Wait until a condition holds."""
        deadline = time.monotonic() + within_s
        while not condition():
            assert time.monotonic() < deadline, f"not in time; the log: {self.log}"
            time.sleep(0.01)

    def ready(self) -> Run:
        """Wait until the module says that it is ready."""
        self.await_(lambda: "ready" in self.log)
        return self

    @property
    def log(self) -> str:
        """All of the log."""
        path = self.folder / "log"
        return path.read_text() if path.exists() else ""

    @property
    def result(self) -> Any:
        """What the module returned."""
        return json.loads((self.folder / "result.json").read_bytes())

    def clean_up(self) -> None:
        """End what is left."""
        for supervisor in self.supervisors:
            if supervisor.poll() is None:
                supervisor.kill()
                supervisor.wait()
        processes.end(processes.of_run(self.token))


def alive(process: processes.Process) -> bool:
    """Whether a process that was seen before still runs."""
    now = processes.find(process.pid)
    return now is not None and now.start == process.start and now.state not in "ZX"


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """A run that leaves nothing behind."""
    made = Run(tmp_path)
    yield made
    made.clean_up()


class TestARunThatEndsWell:
    def test_leaves_an_outcome_and_the_result(self, run: Run) -> None:
        outcome = run.start("Steps", steps=2).end()

        assert outcome["reason"] == "finished"
        assert outcome["message"] == ""
        assert outcome["exit_code"] == 0
        assert outcome["started"] <= outcome["finished"]
        assert outcome["peak_rss_mb"] > 1
        assert run.result == {"steps": 2, "nan": None}
        assert run.supervisors[0].returncode == 0

    def test_leaves_metrics_progress_log_and_model(self, run: Run) -> None:
        run.start("Steps", steps=2).end()

        rows = [json.loads(line) for line in (run.folder / "metrics.jsonl").read_text().splitlines()]
        progress = json.loads((run.folder / "progress.json").read_text())
        assert [(row["step"], row["loss"]) for row in rows] == [(0, 1.0), (1, 0.5)]
        assert progress["fraction"] == 1.0
        assert progress["message"] == "step 1"
        assert run.log == "step 0\nstep 1\n"
        assert (run.folder / "model" / "weights").read_text() == "2"

    def test_leaves_no_other_file(self, run: Run) -> None:
        run.start("Steps").end()

        names = {path.name for path in run.folder.iterdir()}
        assert names == {
            *("spec.json", "lock", "started", "heartbeat", "log", "metrics.jsonl", "tensorboard"),
            *("progress.json", "model", "outputs", "result.json", "outcome.json"),
        }

    def test_ends_what_the_module_left_behind(self, run: Run) -> None:
        outcome = run.start("Leaves").end()

        assert outcome["reason"] == "finished"
        assert processes.find(run.result) is None
        assert processes.of_run(run.token) == []

    def test_does_not_wait_for_threads_that_never_end(self, run: Run) -> None:
        outcome = run.start("Lingers").end()

        assert outcome["reason"] == "finished"
        assert run.result == "done"


class TestTheModulesCode:
    def test_runs_in_the_main_thread_with_an_empty_standard_input(self, run: Run) -> None:
        run.start("Surroundings").end()

        assert run.result["main_thread"] is True
        assert run.result["stdin"] == ""

    def test_runs_in_the_run_folder_unless_the_spec_names_another(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "repository").mkdir()
        run.spec["module"]["cwd"] = str(tmp_path / "repository")

        run.start("Surroundings").end()

        assert run.result["cwd"] == str(tmp_path / "repository")

    def test_imports_nothing_from_the_folder_it_was_launched_in(self, run: Run) -> None:
        run.start("Surroundings").end()

        assert run.result["import_path"][0] == str(run.code)
        assert run.result["cwd"] == str(run.folder)

    def test_receives_files_and_folders_as_such(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "upload").write_text("hello")
        document = {"name": "a.txt", "content_type": "text/plain", "path": str(tmp_path / "upload")}
        run.spec["resume"] = str(tmp_path / "earlier")

        run.start(
            "Surroundings", document={"$file": document}, place={"$folder": str(tmp_path)}, many=[{"$file": document}]
        ).end()

        assert run.result["document"] == ["a.txt", "text/plain", "hello"]
        assert run.result["place"] == str(tmp_path)
        assert run.result["many"] == ["a.txt"]
        assert run.result["resume"] == str(tmp_path / "earlier")
        assert run.result["cache"] == str(tmp_path / "cache")

    def test_has_the_programs_of_its_own_environment_first_on_the_path(self, run: Run) -> None:
        run.start("Surroundings").end()

        assert run.result["first_on_path"] == str(Path(sys.executable).parent)

    def test_carries_the_token(self, run: Run) -> None:
        run.start("Surroundings").end()

        assert run.result["token"] == run.token

    def test_is_seen_to_print_at_once(self, run: Run) -> None:
        run.start("Endless", how="prompt")

        run.await_(lambda: run.log == "ready")

    def test_has_a_port_and_a_harmless_fuser_when_it_is_written_for_deepaas(self, run: Run) -> None:
        told = run.folder / "told"
        probe = f"import os, pathlib, shutil\npathlib.Path({str(told)!r}).write_text("
        probe += "os.environ['monitorPORT'] + ' ' + shutil.which('fuser'))\nraise ImportError('seen enough')\n"
        (run.code / "behaviours.py").unlink()
        (run.code / "behaviours.py").write_text(probe)
        run.spec["module"]["kind"] = "deepaas"

        run.start("Any").end()

        port, fuser = told.read_text().split()
        assert 1024 < int(port) < 65536
        assert subprocess.run([fuser, "-k", "6006/tcp"], check=True, capture_output=True).stdout == b""


class TestARunThatEndsBadly:
    @pytest.mark.parametrize(
        ("how", "reason", "message"),
        [
            ("error", "module_error", "RuntimeError: the weights are upside down"),
            ("exit", "module_error", "The module ended its own process: sys.exit(3)."),
            ("hard exit", "module_error", "The module ended its own process with exit code 4."),
            ("segfault", "module_error", "The module's process was killed by SIGSEGV."),
            ("killed", "module_error", "The module's process was killed by SIGKILL."),
            ("answer", "module_error", "TypeError: an answer cannot hold object"),
            ("bad input", "bad_input", "dataset: no picture in it"),
            ("disk full", "disk_full", "OSError: [Errno 28] No space left on device"),
            ("disk full behind another error", "disk_full", "RuntimeError: could not save"),
            ("memory error", "out_of_memory", "MemoryError: no more"),
        ],
    )
    def test_says_why(self, run: Run, how: str, reason: str, message: str) -> None:
        outcome = run.start("Raises", how=how).end()

        assert (outcome["reason"], outcome["message"]) == (reason, message)
        assert run.log.startswith("about to fail\n")
        assert not (run.folder / "result.json").exists()
        assert run.supervisors[0].returncode == 1

    def test_keeps_the_traceback_in_log_and_outcome(self, run: Run) -> None:
        outcome = run.start("Raises", how="error").end()

        assert 'raise RuntimeError("the weights are upside down")' in outcome["traceback"]
        assert outcome["traceback"] in run.log

    def test_shows_where_a_crash_was(self, run: Run) -> None:
        run.start("Raises", how="segfault").end()

        assert "Segmentation fault" in run.log
        assert "behaviours.py" in run.log

    def test_names_the_faults_of_bad_input_by_argument(self, run: Run) -> None:
        outcome = run.start("Raises", how="bad input").end()

        assert outcome["faults"] == {"dataset": ["no picture in it"]}

    def test_tells_of_a_module_that_cannot_be_imported(self, run: Run) -> None:
        outcome = run.start("Absent").end()

        assert outcome["reason"] == "module_error"
        assert "Absent" in outcome["message"]

    def test_is_short_about_faults_without_end(self, run: Run) -> None:
        outcome = run.start("Raises", how="many faults").end()

        assert outcome["reason"] == "bad_input"
        assert outcome["message"].startswith("image0: " + "é" * 100)
        assert (run.folder / "outcome.json").stat().st_size < 65536

    def test_tells_of_a_folder_that_is_not_there(self, run: Run) -> None:
        run.spec["module"]["cwd"] = "/nowhere"

        outcome = run.start("Steps").end()

        assert outcome["message"] == "FileNotFoundError: [Errno 2] No such file or directory: '/nowhere'"

    def test_tells_of_a_kind_it_cannot_run(self, run: Run) -> None:
        run.spec["kind"] = "dance"

        outcome = run.start("Steps").end()

        assert "not 'dance'" in outcome["message"]

    def test_cannot_begin_without_a_readable_spec(self, run: Run) -> None:
        (run.folder / "spec.json").write_text("{")

        run.start_again().supervisors[0].wait(timeout=15)

        assert run.supervisors[0].returncode == 2
        assert not (run.folder / "started").exists()


class TestACommand:
    """What runs instead of a module's code when the spec is of that kind."""

    def test_ends_as_its_exit_code_says(self, run: Run) -> None:
        outcome = command(run, "echo here; pwd; exit 0").end()

        assert (outcome["reason"], outcome["message"], outcome["exit_code"]) == ("finished", "", 0)
        assert run.log == f"here\n{run.folder}\n"

    def test_says_how_it_failed(self, run: Run) -> None:
        outcome = command(run, "exit 7").end()

        assert outcome["reason"] == "module_error"
        assert "exit code 7" in outcome["message"]

    def test_that_is_not_there_says_so(self, run: Run) -> None:
        outcome = command(run, program="/no/such/program").end()

        assert outcome["message"] == "FileNotFoundError: [Errno 2] No such file or directory"

    def test_has_the_usual_signals(self, run: Run) -> None:
        outcome = command(run, "kill -PIPE $$; echo survived").end()

        assert "SIGPIPE" in outcome["message"]
        assert run.log == ""

    def test_is_asked_alone_to_leave_and_has_its_grace(self, run: Run) -> None:
        run.spec["grace_s"] = 20.0
        script = "sleep 600 & child=$!; trap 'kill -0 $child && echo child lives; exit 0' TERM; echo ready; wait"
        command(run, script).ready()

        (run.folder / "cancel").touch()

        assert run.end()["reason"] == "cancelled_by_user"
        assert run.log == "ready\nchild lives\n"
        assert processes.of_run(run.token) == []

    def test_that_does_not_leave_is_killed_with_all_it_started(self, run: Run) -> None:
        command(run, "trap '' TERM; sleep 600 & echo ready; wait; wait").ready()

        (run.folder / "cancel").touch()

        assert run.end()["reason"] == "cancelled_by_user"
        assert processes.of_run(run.token) == []


def command(run: Run, script: str = "", *, program: str = "/bin/sh") -> Run:
    """Start a run whose spec is a command."""
    run.spec.update(kind="command", command=[program, "-c", script])
    del run.spec["module"]
    (run.folder / "spec.json").write_text(json.dumps(run.spec))
    return run.start_again()


class TestTheLock:
    def test_is_held_by_the_supervisor_for_its_whole_life(self, run: Run) -> None:
        run.start("Endless").ready()

        assert lock.holder(run.folder / "lock") == run.supervisors[0].pid

        run.supervisors[0].terminate()
        run.end()
        assert lock.holder(run.folder / "lock") is None

    def test_keeps_a_second_supervisor_from_starting(self, run: Run) -> None:
        run.start("Endless").ready()

        second = run.start_again().supervisors[1]

        assert second.wait(timeout=15) == 3
        assert run.log == "ready\n"
        assert json.loads((run.folder / "started").read_text())["pid"] == run.supervisors[0].pid

    def test_is_not_all_that_keeps_a_second_supervisor_from_starting(self, run: Run) -> None:
        run.start("Steps").end()
        before = (run.folder / "outcome.json").read_bytes()

        second = run.start_again().supervisors[1]

        assert second.wait(timeout=15) == 3
        assert (run.folder / "outcome.json").read_bytes() == before


class TestCancel:
    def test_interrupts_the_module_and_runs_its_finally_blocks(self, run: Run) -> None:
        run.start("Endless").ready()

        (run.folder / "cancel").touch()
        outcome = run.end()

        assert outcome["reason"] == "cancelled_by_user"
        assert (run.folder / "outputs" / "finally").exists()
        assert outcome["finished"] - outcome["started"] < 30

    def test_comes_of_itself_when_the_run_folder_is_removed(self, run: Run) -> None:
        run.start("Endless").ready()

        # Not in one step: the supervisor writes into the folder while it is being emptied.
        run.await_(lambda: shutil.rmtree(run.folder, ignore_errors=True) is None and not run.folder.exists())

        run.supervisors[0].wait(timeout=30)
        assert processes.of_run(run.token) == []

    def test_leaves_a_module_that_watches_for_it_the_time_to_save(self, run: Run) -> None:
        run.start("Endless", how="watches").ready()

        (run.folder / "cancel").touch()
        outcome = run.end()

        assert outcome["reason"] == "cancelled_by_user"
        assert (run.folder / "model" / "half").exists()

    @pytest.mark.parametrize("how", ["quiet", "raises"])
    def test_reads_as_what_it_is_in_the_log(self, run: Run, how: str) -> None:
        run.start("Endless", how=how).ready()

        (run.folder / "cancel").touch()
        outcome = run.end()

        log = (run.folder / "log").read_text()
        assert outcome["reason"] == "cancelled_by_user"
        assert "\ncancelled" in log
        assert "Traceback" not in log

    def test_is_also_a_signal_to_the_supervisor(self, run: Run) -> None:
        run.start("Endless").ready()

        run.supervisors[0].terminate()
        outcome = run.end()

        assert outcome["reason"] == "cancelled_by_user"
        assert "told to stop" in outcome["message"]

    def test_ends_a_tree_that_ignores_sigterm_and_forks_twice(self, run: Run) -> None:
        run.start("Endless", how="stubborn").ready()
        run.await_(lambda: len(processes.descendants(run.supervisors[0].pid)) == 3)
        tree = processes.descendants(run.supervisors[0].pid)
        asked = time.monotonic()

        (run.folder / "cancel").touch()
        outcome = run.end()

        assert time.monotonic() - asked < 5
        assert outcome["reason"] == "cancelled_by_user"
        assert not any(alive(process) for process in tree)

    def test_before_the_start_lets_nothing_run_for_long(self, run: Run) -> None:
        (run.folder / "cancel").touch()

        outcome = run.start("Endless").end()

        assert outcome["reason"] == "cancelled_by_user"


class TestKillingTheSupervisor:
    def test_ends_the_module_too(self, run: Run) -> None:
        run.start("Endless").ready()
        (child,) = processes.descendants(run.supervisors[0].pid)

        run.supervisors[0].kill()
        run.supervisors[0].wait()

        run.await_(lambda: not alive(child))
        assert not (run.folder / "outcome.json").exists()


class TestLimits:
    def test_end_a_run_that_takes_too_long(self, run: Run) -> None:
        run.spec["resources"] = {"wall_time_s": 0.5}

        outcome = run.start("Endless").end()

        assert outcome["reason"] == "time_limit"
        assert outcome["message"] == "It ran longer than its limit of 0.5 s."

    def test_end_a_tree_that_takes_too_much_memory(self, run: Run) -> None:
        run.spec["resources"] = {"memory_mb": 100}

        outcome = run.start("Eats", megabytes=150).end()

        assert outcome["reason"] == "out_of_memory"
        assert "its limit is 100 MiB" in outcome["message"]
        assert processes.of_run(run.token) == []

    def test_count_memory_that_processes_share_once(self, run: Run) -> None:
        run.spec["resources"] = {"memory_mb": 100}

        outcome = run.start("Eats", megabytes=50, shared_with=2).end()

        assert (outcome["reason"], run.result) == ("finished", "enough")

    def test_keep_the_run_on_the_cores_that_the_site_chose(self, run: Run) -> None:
        core = max(os.sched_getaffinity(0))
        run.spec["resources"] = {"cpus": 1}

        run.start("Surroundings", environment={"PELAGOS_CPUS": str(core)}).end()

        assert run.result["cores"] == [core]
        assert (run.result["threads"], run.result["omp"]) == ("1", "1")

    def test_leave_the_threads_alone_when_no_cores_are_asked_for(self, run: Run) -> None:
        run.start("Surroundings", environment={"OMP_NUM_THREADS": "7"}).end()

        assert run.result["omp"] == "7"


class TestHeartbeat:
    def test_tells_of_the_whole_tree(self, run: Run) -> None:
        run.start("Endless", how="family").ready()

        run.await_(lambda: json.loads((run.folder / "heartbeat").read_bytes())["processes"] == 2)

        beat = json.loads((run.folder / "heartbeat").read_bytes())
        assert beat["rss_mb"] > 5
        assert beat["cpu_s"] >= 0
        assert abs(beat["time"] - time.time()) < 60


class TestSignals:
    def test_from_outside_to_the_module_are_no_cancel(self, run: Run) -> None:
        run.start("Endless").ready()
        (child,) = processes.descendants(run.supervisors[0].pid)

        os.kill(child.pid, signal.SIGTERM)
        outcome = run.end()

        assert outcome["reason"] == "module_error"
        assert outcome["message"] == "The module's process was ended by a SIGTERM from outside."

    def test_sent_to_the_childs_group_do_not_reach_the_supervisor(self, run: Run) -> None:
        run.start("Endless").ready()
        (child,) = processes.descendants(run.supervisors[0].pid)

        os.killpg(child.pid, signal.SIGKILL)
        outcome = run.end()

        assert outcome["message"] == "The module's process was killed by SIGKILL."
