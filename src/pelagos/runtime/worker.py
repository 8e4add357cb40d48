"""The server's side of one worker: starts it, sends it calls, and gives its answers to those who wait."""

from __future__ import annotations

import asyncio
import enum
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, cast

from pelagos.domain import errors
from pelagos.module import frames
from pelagos.module import processes as environs
from pelagos.module import worker as other_side
from pelagos.runtime import calls, processes

CLOSE_GRACE_S = 3.0
LAST_WORDS_S = 0.2
BUFFER = 1 << 20
_NUMBERS = 1 << 32


class Code(Protocol):
    """Where a module's code is, and the Python that runs it."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def entry(self) -> str: ...
    @property
    def python(self) -> Path: ...
    @property
    def path(self) -> Path: ...
    @property
    def cwd(self) -> Path | None: ...


class Owner(Protocol):
    """Whom a worker tells what happens to it."""

    def imported(self, worker: Worker) -> None: ...
    def described(self, worker: Worker) -> None: ...
    def ready(self, worker: Worker) -> None: ...
    def answered(self, worker: Worker) -> None: ...
    def ended(self, worker: Worker, reason: str) -> None: ...
    def abandoned(self, call: calls.Call) -> None: ...
    def again(self, call: calls.Call) -> None: ...


class Phase(enum.Enum):
    """Where a worker is in its life."""

    STARTING = "starting"
    """The module is being imported."""
    IMPORTED = "imported"
    """A warm spare: no model is loaded."""
    LOADING = "loading"
    READY = "ready"
    ENDING = "ending"
    """It gets no more calls."""
    ENDED = "ended"


class Worker(asyncio.Protocol):
    """One worker process. Calls are answered in the order they were sent, so the oldest is the one that runs."""

    def __init__(
        self,
        owner: Owner,
        started: processes.Started,
        *,
        on_log: processes.Log,
        spare: bool = False,
    ) -> None:
        self._owner = owner
        self.spare = spare
        """Whether it shall wait with its model unloaded."""
        self._loop = asyncio.get_running_loop()
        self._splitter = frames.Splitter()
        self._transport: asyncio.Transport | None = None
        self._next = 0
        self._outgoing: list[calls.Bytes] = []
        self._reason: str | None = None
        self.phase = Phase.STARTING
        self.in_flight: dict[int, calls.Call] = {}
        self.window = 1
        """How many calls may be on their way to it; its answers tell."""
        self.answers = 0
        self.closing = False
        """Whether its end is wanted."""
        self.used = self._loop.time()
        """When it was started, told to load, or handed a call, whichever was last."""
        self.interrupted: float | None = None
        """Since when it has been asked to break off the oldest call."""
        self.description: dict[str, Any] | None = None
        self.failure: errors.ModuleFailed | None = None
        """Why the module could not be imported or loaded."""
        self.process = processes.Process(started, on_log=on_log, on_end=self._process_ended)

    async def connect(self) -> None:
        """Listen to the process. Call once, right after making it."""
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            self.process.socket.setsockopt(socket.SOL_SOCKET, option, BUFFER)
        ours = self.process.socket.dup()
        self.process.socket.close()
        await self._loop.create_unix_connection(lambda: self, sock=ours)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to the process."""
        self._transport = cast(asyncio.Transport, transport)

    def load(self) -> None:
        """Ask it to load the pretrained model."""
        self.phase = Phase.LOADING
        self.used = self._loop.time()
        if self._transport is not None:
            self._transport.write(frames.pack(frames.LOAD))

    def describe(self) -> None:
        """Ask it for the module's description once more."""
        if self._transport is not None:
            self._transport.write(frames.pack(frames.DESCRIBE))

    def send(self, call: calls.Call) -> None:
        """Hand it a call."""
        self._next = (self._next + 1) % _NUMBERS
        self.in_flight[self._next] = call
        self.used = call.sent = self._loop.time()
        # One system call, and one wake-up of the process, for all calls of one turn of the event loop.
        if not self._outgoing:
            self._loop.call_soon(self._flush)
        self._outgoing += calls.frame(call, self._next)

    def oldest(self) -> calls.Call | None:
        """Give the call that runs now."""
        return next(iter(self.in_flight.values()), None)

    def interrupt(self) -> None:
        """Ask it to break off the oldest call; again and again, because it does not listen while it sends."""
        self.interrupted = self.interrupted or self._loop.time()
        self.process.signal(other_side.INTERRUPT)

    def close(self) -> None:
        """Let it end by itself; it is killed when it is busy starting, or does not end within some seconds."""
        self.closing = True
        busy = self.phase in (Phase.STARTING, Phase.LOADING) or self._transport is None
        if self.phase is not Phase.ENDED:
            self.phase = Phase.ENDING
        if self._transport is not None:
            self._transport.close()
        if busy:
            self.process.kill("it was stopped")
        else:
            self._loop.call_later(CLOSE_GRACE_S, self._kill_late)

    def _kill_late(self) -> None:
        if self.process.running:
            self.process.kill("it did not end in time")

    def data_received(self, data: bytes) -> None:
        """Take frames from the process."""
        for frame in self._splitter.feed(data):
            if frame.kind == frames.ANSWER:
                self._answer(frame)
            else:
                self._other(frame)
        self._owner.answered(self)

    def _answer(self, frame: frames.Frame) -> None:
        call = self._finished(frame)
        if call is None or call.future.done():
            return
        if frame.json:
            call.future.set_result(calls.Reply(bytes(frame.body), **frame.head()))
        else:
            call.future.set_result(calls.Reply(bytes(frame.body)))

    def _finished(self, frame: frames.Frame) -> calls.Call | None:
        self.window = frame.hint or 1
        self.answers += 1
        self.interrupted = None
        call = self.in_flight.pop(frame.id, None)
        following = self.oldest()
        if following is not None:
            following.sent = self._loop.time()
        return call

    def _other(self, frame: frames.Frame) -> None:
        if frame.kind == frames.PIECE:
            self._piece(frame)
        elif frame.kind == frames.END:
            self._end(frame)
        elif frame.kind == frames.ERROR:
            self._error(frame)
        elif frame.kind == frames.IMPORTED:
            self._imported(frame.head())
        elif frame.kind == frames.READY:
            self.phase = Phase.READY
            self._owner.ready(self)
        elif frame.kind == frames.FAILED:
            self._fail(frame.head())

    def _error(self, frame: frames.Frame) -> None:
        call, head = self._finished(frame), frame.head()
        if call is None:
            return
        if head["code"] == "interrupted" and call.abandoned is None and call.stream is None:
            # The call that was meant had ended in the meantime and this one had begun.
            self._owner.again(call)
        else:
            call.fail(error_of(head))

    def _imported(self, description: dict[str, Any]) -> None:
        self.description = description
        if self.phase is Phase.STARTING:
            self.phase = Phase.IMPORTED
            self._owner.imported(self)
        else:
            self._owner.described(self)

    def _fail(self, head: Mapping[str, Any]) -> None:
        self.failure = errors.ModuleFailed(head["message"], traceback=head["traceback"])
        self.process.kill(f"the module could not be loaded: {head['message']}")

    def _piece(self, frame: frames.Frame) -> None:
        call = self.in_flight.get(frame.id)
        if call is None:
            return
        if call.stream is None:
            self._begin(call, frame)
        if call.stream is not None and call.abandoned is None:
            call.stream.feed(bytes(frame.body), self._loop.time())

    def _begin(self, call: calls.Call, frame: frames.Frame) -> None:
        if call.future.done() or self._transport is None:
            return
        transport = self._transport
        call.stream = calls.Stream(
            pause=transport.pause_reading,
            resume=transport.resume_reading,
            abandon=lambda: self._owner.abandoned(call),
        )
        call.future.set_result(calls.Reply(call.stream, **frame.head()))

    def _end(self, frame: frames.Frame) -> None:
        call = self._finished(frame)
        if call is None:
            return
        if call.stream is not None:
            call.stream.end()
        elif not call.future.done():
            call.future.set_result(calls.Reply(b"", **frame.head()))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's shape
        """Make sure that a process which closed its end goes away too."""
        self._transport = None
        if self._reason is None:
            self._loop.call_later(CLOSE_GRACE_S, self._kill_late)
        else:
            self._owner.ended(self, self._reason)

    def _process_ended(self, reason: str) -> None:
        self.phase = Phase.ENDED
        self._reason = reason
        if self._transport is None:
            self._owner.ended(self, reason)
        else:
            # What it wrote last is still to be read; the connection then ends, unless a stray child holds it.
            self._loop.call_later(LAST_WORDS_S, self._transport.abort)

    def _flush(self) -> None:
        parts, self._outgoing = self._outgoing, []
        if self._transport is not None:
            self._transport.writelines(parts)


def start_process(code: Code, environment: Mapping[str, str], scratch: Path) -> processes.Started:
    """Start a worker's process. Raises OSError."""
    return processes.Started(
        command(code),
        environment={**environs.inherited(), **environment, "PYTHONPATH": str(code.path), "PYTHONUNBUFFERED": "1"},
        folder=code.cwd,
        scratch=scratch,
    )


def command(code: Code) -> list[str]:
    """Give the command that starts a worker; `{socket}` stands for the number of its socket."""
    options = {"--socket-fd": "{socket}", "--name": code.name, "--kind": code.kind, "--entry": code.entry}
    flat = [part for option in options.items() for part in option]
    return [str(code.python), "-m", "pelagos.module.worker", *flat]


def error_of(head: Mapping[str, Any]) -> Exception:
    """Turn an ERROR frame into our error."""
    if head["code"] == "invalid_input":
        return errors.InvalidInput(head["faults"])
    if head["code"] == "interrupted":
        return errors.Timeout("the prediction was broken off")
    return errors.ModuleFailed(head["message"], error_id=head["id"], traceback=head["traceback"])
