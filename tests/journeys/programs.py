"""`pelagos run` as a process, for stories told by a program instead of a browser."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import waiting

COMMAND = (sys.executable, "-m", "pelagos.cli")


class Answer(NamedTuple):
    """What came back."""

    status: int
    body: Any


class Program:
    """A server of one module, and the requests made to it."""

    def __init__(self, process: subprocess.Popen[str], url: str, module: str) -> None:
        self.process = process
        self.url = url
        self.base = f"{url}/v2/models/{module}"

    def get(self, path: str) -> Answer:
        return self._ask(urllib.request.Request(self.base + path))

    def delete(self, path: str) -> Answer:
        return self._ask(urllib.request.Request(self.base + path, method="DELETE"))

    def train(self, key: str | None = None, **arguments: Any) -> Answer:
        headers = {"Content-Type": "application/json", **({"Idempotency-Key": key} if key else {})}
        return self._ask(urllib.request.Request(f"{self.base}/train/", json.dumps(arguments).encode(), headers))

    def predict(self, files: Mapping[str, tuple[str, bytes]], **fields: str) -> Answer:
        boundary = uuid.uuid4().hex
        lines: list[bytes] = []
        for name, value in fields.items():
            lines.append(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode())
        for name, (filename, content) in files.items():
            head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n\r\n'
            lines.append(head.encode() + content)
        body = b"\r\n".join([*lines, f"--{boundary}--\r\n".encode()])
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        return self._ask(urllib.request.Request(f"{self.base}/predict/", body, headers))

    def _ask(self, request: urllib.request.Request) -> Answer:
        request.add_header("Accept", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return Answer(answer.status, json.load(answer))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, json.loads(error.read()))


@contextlib.contextmanager
def running(module: str, state: Path, modules: Path) -> Iterator[Program]:
    """Run `pelagos run MODULE` on a free port until the block ends; `modules` is where installed modules are."""
    (state / "tmp").mkdir(parents=True, exist_ok=True)
    if not (state / "modules").exists():
        (state / "modules").symlink_to(modules)
    with (
        (state / "server-log").open("ab") as log,
        subprocess.Popen(
            [*COMMAND, "run", module, "--listen-port", "0", "--state-dir", str(state)],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**os.environ, "TMPDIR": str(state / "tmp")},
        ) as process,
    ):
        assert process.stdout is not None
        try:
            line = process.stdout.readline().strip()
            assert line, (state / "server-log").read_text()
            yield Program(process, line.split()[-1].rstrip("/"), module)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def until(holds: Callable[[], Any], within_s: float) -> float:
    """Wait until something holds; gives how long that took, in seconds."""
    started = time.monotonic()
    waiting.until(holds, within_s)
    return time.monotonic() - started
