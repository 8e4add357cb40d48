"""A real Slurm of two nodes on this machine, on loopback and ports of its own, with everything below one folder."""

from __future__ import annotations

import contextlib
import dataclasses
import getpass
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import waiting

NODES = {"n1": "/dev/null", "n2": "/dev/zero"}
"""Each has two cores, 4000 MB and one accelerator: any character device can stand for it."""
ENDED = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY")
_NEEDED = ("slurmctld", "slurmd", "sbatch", "squeue", "scontrol")
# https://slurm.schedmd.com/slurm.conf.html. No authentication, so nothing of it may be reached from elsewhere.
_SETTINGS = """
ClusterName=pelagos
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/none
CredType=cred/none
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/%n.log
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
SchedulerParameters=batch_sched_delay=0,sched_min_interval=100000
MinJobAge=86400
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=500
JobCompType=jobcomp/filetxt
JobCompLoc={folder}/jobs.txt
GresTypes=gpu
NodeName=n1 NodeHostname=localhost NodeAddr=127.0.0.1 Port={ports[1]} CPUs=2 RealMemory=4000 Gres=gpu:fake:1
NodeName=n2 NodeHostname=localhost NodeAddr=127.0.0.1 Port={ports[2]} CPUs=2 RealMemory=4000 Gres=gpu:fake:1
PartitionName=all Nodes=n1,n2 Default=YES
"""


@dataclasses.dataclass(frozen=True)
class Cluster:
    """A Slurm that answers."""

    folder: Path
    variables: Mapping[str, str]
    """Lead its commands to it."""

    @property
    def environment(self) -> dict[str, str]:
        """The variables of a process that uses it."""
        return {**os.environ, **self.variables}

    def ask(self, *words: str) -> str:
        """Run one of its commands and give what it says."""
        ran = subprocess.run(words, capture_output=True, text=True, env=self.environment, timeout=60, check=False)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.strip()

    def state(self, job: str) -> str:
        """Give the state of a job, such as RUNNING."""
        return self.ask("squeue", "--noheader", "--states=all", "--format=%T", f"--jobs={job}")

    def ended(self, job: str) -> str:
        """Wait until a job has ended and give its state."""
        return str(waiting.until(lambda: (found := self.state(job)) in ENDED and found))


@contextlib.contextmanager
def cluster() -> Iterator[Cluster]:
    """Run one for as long as the block lasts; what still runs in it then is cancelled. Skips where it is missing."""
    missing = [each for each in _NEEDED if shutil.which(each) is None]
    if missing:
        pytest.skip(f"Slurm cannot be started here: {', '.join(missing)}")
    kept = tempfile.TemporaryDirectory(prefix="slurm-", ignore_cleanup_errors=True)
    with kept as folder, contextlib.ExitStack() as stack:
        started = _written(Path(folder))
        for command in (("slurmctld", "-D"), *(("slurmd", "-D", "-N", name) for name in NODES)):
            stack.enter_context(_running(started, *command))
        waiting.until(lambda: _idle(started) == len(NODES))
        stack.callback(started.ask, "scancel", f"--user={getpass.getuser()}")
        yield started


def _written(folder: Path) -> Cluster:
    (folder / "state").mkdir()
    with contextlib.ExitStack() as stack:
        taken = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(len(NODES) + 1)]
        ports = [each.getsockname()[1] for each in taken]
    said = _SETTINGS.format(folder=folder, user=getpass.getuser(), ports=ports)
    (folder / "slurm.conf").write_text(said)
    (folder / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")
    devices = (f"NodeName={name} Name=gpu Type=fake File={device}\n" for name, device in NODES.items())
    (folder / "gres.conf").write_text("".join(devices))
    return Cluster(folder, {"SLURM_CONF": str(folder / "slurm.conf")})


@contextlib.contextmanager
def _running(started: Cluster, *command: str) -> Iterator[None]:
    with (started.folder / "output").open("ab") as log:
        daemon = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=started.environment)
    try:
        yield
    finally:
        daemon.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            daemon.wait(10)
        daemon.kill()
        daemon.wait(10)


def _idle(started: Cluster) -> int:
    command = ["sinfo", "--noheader", "--Node", "--format=%T"]
    told = subprocess.run(command, capture_output=True, text=True, env=started.environment, timeout=60, check=False)
    return told.stdout.split().count("idle")
