"""One queue of predictions and the workers that take from it: started when needed, watched, replaced."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import itertools
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from pelagos.domain import errors
from pelagos.runtime import budget, calls, processes, scratch
from pelagos.runtime.worker import Code, Phase, Worker, start_process

TICK_S = 0.05
GROW_AFTER_S = 0.01
"""A call that waits longer gets one more worker started."""
WATCH_AFTER_S = 0.1
"""The client of a call that takes longer is watched."""
INTERRUPT_GRACE_S = 0.25
KILL_GRACE_S = 2.0
STALL_LIMIT_S = 60.0
"""A client that takes no piece of a stream for so long loses it."""
TRIES = 2
"""A call that was on its way to a worker when it died is sent once more; it may be the cause."""
SURE_WINDOW = 2
"""With so few calls on their way every answer comes by itself, so the oldest call is the one that ran."""
FAILURES_ALLOWED = 3
"""After so many failed starts in a row calls are refused at once, until a start succeeds."""
LONGEST_PAUSE_S = 30.0


@dataclasses.dataclass(frozen=True)
class PoolSettings:
    """How many workers, how long they wait and are waited for."""

    workers: int = 0
    """Most worker processes; 0 means one for each core."""
    at_start: int = 1
    """Workers started at once; the others follow when calls wait."""
    queue_size: int = 1024
    """Most calls that wait; one more is refused."""
    idle_after_s: float = 900.0
    """After so long without a call only a warm spare stays; 0 means never."""
    predict_timeout_s: float | None = None
    """Longest time from a call's arrival to its answer."""
    start_timeout_s: float = 600.0
    """Longest time to import the module and load its model."""
    warm: bool = True
    """Load the model at the start, not at the first call."""


class ClientGone(Exception):
    """The client went away before the answer."""


def print_log(text: bytes) -> None:
    """Write what a worker printed to our own standard error."""
    sys.stderr.write(text.decode("utf-8", "replace"))
    sys.stderr.flush()


class Pool:
    """The workers of one module. Use it as `async with Pool(code) as pool: await pool.predict(...)`.

    `ahead` is the process of the first worker, if it was started already.

    Entering waits until the first worker is ready and raises ModuleFailed when the module cannot be loaded.
    """

    def __init__(
        self,
        code: Code,
        settings: PoolSettings | None = None,
        *,
        ahead: processes.Started | None = None,
        on_log: processes.Log = print_log,
    ) -> None:
        self._code = code
        self._settings = settings or PoolSettings()
        self._ahead = ahead
        self._on_log = on_log
        self._most = self._settings.workers or budget.cores()
        self._environment = budget.environment(self._most, budget.cores())
        self._workers: list[Worker] = []
        self._ready: list[Worker] = []
        self._queue: deque[calls.Call] = deque()
        self._ticking = False
        self._closing = False
        self._failures = 0
        self._refusing: str | None = None
        self._restart: asyncio.TimerHandle | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._gone = asyncio.Event()
        self.restarts = 0
        """Workers that were replaced because they died."""
        self.description: dict[str, Any] | None = None
        """The module's description, as the first worker gave it."""

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._scratch = scratch.Scratch()
        self._first: asyncio.Future[None] = self._loop.create_future()
        try:
            for _ in range(min(self._settings.at_start, self._most)):
                self._start(spare=not self._settings.warm)
            async with asyncio.timeout(self._settings.start_timeout_s):
                await self._first
        except TimeoutError as late:
            await self.close()
            limit = f"{self._settings.start_timeout_s:g} s"
            raise errors.ModuleFailed(f"the module was not loaded within {limit}") from late
        except BaseException:
            await self.close()
            raise
        self._arm_idle()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End all workers; calls that wait get Unavailable. May be called twice."""
        self._closing = True
        for timer in (self._restart, self._idle):
            if timer is not None:
                timer.cancel()
        self._fail_queue(errors.Unavailable("the server is stopping"))
        for worker in self._workers:
            worker.close()
        while self._workers:
            self._gone.clear()
            await self._gone.wait()
        self._scratch.close()

    async def predict(
        self,
        arguments: Mapping[str, Any],
        *,
        model: Path | None = None,
        raw: Mapping[str, Any] | None = None,
        watch: Callable[[asyncio.Future[calls.Reply]], None] | None = None,
    ) -> calls.Reply:
        """Answer one prediction; `arguments` are validated, files in them are `calls.Upload`.

        Raises InvalidInput, ModuleFailed, Busy, WorkerDied, Timeout, Unavailable. `watch` is called once when the
        answer takes long, with the future that it may fail with ClientGone. A cancelled task frees its place.
        """
        head, body = calls.prepare(arguments, model, raw)
        future: asyncio.Future[calls.Reply] = self._loop.create_future()
        call = calls.Call(head, body, future)
        if watch is not None:
            call.watch = lambda: watch(future)
        self.submit(call)
        try:
            return await future
        except (asyncio.CancelledError, ClientGone):
            self.abandoned(call)
            raise

    @property
    def waiting(self) -> int:
        """How many calls are in the queue."""
        return len(self._queue)

    @property
    def running(self) -> int:
        """How many calls are at a worker."""
        return sum(len(worker.in_flight) for worker in self._workers)

    @property
    def phases(self) -> list[Phase]:
        """The phase of every worker."""
        return [worker.phase for worker in self._workers]

    @property
    def pids(self) -> list[int]:
        """The process ids of the workers."""
        return [worker.process.pid for worker in self._workers]

    @property
    def trouble(self) -> str | None:
        """Why no worker can be started, or None."""
        return self._refusing

    def submit(self, call: calls.Call) -> None:
        """Take a call and give its answer to its taker; `abandoned` gives it up. Raises Busy, Unavailable."""
        call.queued = self._loop.time()
        worker = self._free()
        if worker is not None:
            worker.send(call)
        elif self._refusing is not None or self._closing:
            raise errors.Unavailable(self._refusing or "the server is stopping")
        elif len(self._queue) >= self._settings.queue_size:
            raise errors.Busy(f"{len(self._queue)} requests are waiting already")
        else:
            self._queue.append(call)
            if not self._ready:
                self._grow()
        if not self._ticking:
            self._ticking = True
            self._loop.call_later(TICK_S, self._tick)

    def _free(self) -> Worker | None:
        best, least = None, 1 << 30
        for worker in self._ready:
            load = len(worker.in_flight)
            if load < least and load < worker.window and worker.interrupted is None:
                best, least = worker, load
        return best

    def answered(self, worker: Worker) -> None:
        """Hand a worker that has room the calls that have waited longest."""
        if worker.answers:
            self._failures = 0
        while self._queue and worker.phase is Phase.READY and len(worker.in_flight) < worker.window:
            worker.send(self._queue.popleft())

    def abandoned(self, call: calls.Call) -> None:
        """Take note that nobody waits for a call: it leaves the queue, or is broken off after a grace."""
        call.abandoned = self._loop.time()
        with contextlib.suppress(ValueError):
            self._queue.remove(call)

    def again(self, call: calls.Call) -> None:
        """Put a call in front of the queue that was broken off by mistake."""
        self._queue.appendleft(call)

    # Watching: one look at everything in progress every TICK_S, so that a fast call costs nothing.

    def _tick(self) -> None:
        now = self._loop.time()
        if any(now - call.queued > GROW_AFTER_S for call in self._behind()):
            self._grow()
        for call in list(self._queue):
            if not self._look(call, now):
                break
        for worker in self._workers:
            self._look_at(worker, now)
        self._ticking = bool(self._queue) or any(worker.in_flight for worker in self._workers)
        if self._ticking:
            self._loop.call_later(TICK_S, self._tick)

    def _behind(self) -> Iterator[calls.Call]:
        """Give the calls that have waited longest: in the queue, and behind those that run in a worker."""
        yield from itertools.islice(self._queue, 1)
        threads = (self.description or {}).get("threads", 1)
        for worker in self._ready:
            yield from itertools.islice(worker.in_flight.values(), threads, threads + 1)

    def _look(self, call: calls.Call, now: float) -> bool:
        """Watch the client of a call and its time limit; False when the call is still young."""
        age, limit = now - call.queued, self._settings.predict_timeout_s
        if call.watch is not None and age > WATCH_AFTER_S:
            call.watch()
            call.watch = None
        if limit is not None and age > limit and call.abandoned is None and call.stream is None:
            call.fail(errors.Timeout(f"no answer within {limit:g} s"))
            self.abandoned(call)
        return age > WATCH_AFTER_S

    def _look_at(self, worker: Worker, now: float) -> None:
        for call in list(worker.in_flight.values()):
            self._look(call, now)
        loading = worker.phase in (Phase.STARTING, Phase.LOADING)
        if loading and now - worker.used > self._settings.start_timeout_s:
            worker.process.kill(f"the module was not loaded within {self._settings.start_timeout_s:g} s")
        running = worker.oldest()
        if running is None:
            return
        stream = running.stream
        if stream is not None and stream.stalled_since is not None and now - stream.stalled_since > STALL_LIMIT_S:
            stream.fail(errors.Timeout("the client takes no data"))
            stream.close()
            self.abandoned(running)
        if worker.interrupted is not None and now - worker.interrupted > KILL_GRACE_S:
            worker.process.kill("a prediction that nobody waits for could not be broken off")
        elif running.abandoned is not None and now - max(running.abandoned, running.sent) > INTERRUPT_GRACE_S:
            worker.interrupt()

    # Workers: their number follows the queue.

    def _grow(self) -> None:
        if self._closing or self._restart is not None:
            return
        if any(worker.phase in (Phase.STARTING, Phase.LOADING) for worker in self._workers):
            return
        spare = next((worker for worker in self._workers if worker.phase is Phase.IMPORTED), None)
        if spare is not None:
            spare.load()
        elif len(self._workers) < self._most:
            self._start()

    def _start(self, *, spare: bool = False) -> None:
        try:
            process = self._ahead or start_process(self._code, self._environment, self._scratch.path)
        except OSError as error:
            self._failed(f"its process cannot be started: {error}", None)
            return
        self._ahead = None
        worker = Worker(self, process, on_log=self._on_log, spare=spare)
        self._workers.append(worker)
        self._connecting = self._loop.create_task(worker.connect())

    def imported(self, worker: Worker) -> None:
        """Load the model, unless the worker is to stay a warm spare; then the idle ones may go."""
        self.description = worker.description
        if not worker.spare or self._queue:
            worker.load()
        elif not self._first.done():
            self._first.set_result(None)
        elif self.running == 0:
            self._let_go(list(self._ready))

    def describe(self) -> None:
        """Ask all workers to look at the module's arguments again; `description` is new when they have."""
        for worker in self._workers:
            if worker.phase in (Phase.READY, Phase.IMPORTED):
                worker.describe()

    def described(self, worker: Worker) -> None:
        """Take note of a new description."""
        self.description = worker.description

    def ready(self, worker: Worker) -> None:
        """Let a worker take calls."""
        self._refusing = None
        self._ready.append(worker)
        if not self._first.done():
            self._first.set_result(None)
        self.answered(worker)

    def ended(self, worker: Worker, reason: str) -> None:
        """Answer the calls that a dead worker had, and replace it."""
        expected = worker.closing
        self._workers.remove(worker)
        self._gone.set()
        if worker in self._ready:
            self._ready.remove(worker)
        self._give_back(worker, reason)
        if expected or self._closing:
            return
        self.restarts += 1
        if worker.answers:
            self._failures = 0
            self._start_again(0.0)
        else:
            self._failed(reason, worker.failure)

    def _give_back(self, worker: Worker, reason: str) -> None:
        error = errors.WorkerDied(f"the worker died: {reason}", hint="Try again; the worker is being replaced.")
        # Answers of fast predictions come many at a time, so it is not known which one ran when the worker died.
        cause = worker.oldest() if worker.window <= SURE_WINDOW else None
        lost = [call for call in worker.in_flight.values() if call.abandoned is None]
        worker.in_flight.clear()
        for call in reversed(lost):
            call.tries += 1
            if call is cause or call.tries >= TRIES or call.stream is not None or self._closing:
                call.fail(error)
            else:
                self._queue.appendleft(call)

    def _failed(self, reason: str, failure: errors.ModuleFailed | None) -> None:
        self._failures += 1
        if not self._first.done():
            self._first.set_exception(failure or errors.ModuleFailed(f"the module's worker died: {reason}"))
            return
        if self._failures >= FAILURES_ALLOWED and not self._ready:
            self._refusing = f"no worker can be started: {reason}"
            self._fail_queue(errors.Unavailable(self._refusing))
        self._start_again(min(LONGEST_PAUSE_S, 0.25 * 2**self._failures) if self._failures > 1 else 0.0)

    def _start_again(self, pause_s: float) -> None:
        if self._restart is None and not (self._ready and not self._queue):
            self._restart = self._loop.call_later(pause_s, self._replace)

    def _replace(self) -> None:
        self._restart = None
        if not self._closing and len(self._workers) < self._most:
            self._start()

    def _fail_queue(self, error: Exception) -> None:
        while self._queue:
            self._queue.popleft().fail(error)

    # Idleness: first the workers too many go, then the last one makes place for a warm spare.

    def _arm_idle(self) -> None:
        if self._settings.idle_after_s > 0 and not self._closing:
            self._idle = self._loop.call_later(self._settings.idle_after_s / 4, self._rest)

    def _rest(self) -> None:
        now = self._loop.time()
        idle = [
            worker for worker in self._ready if not worker.in_flight and now - worker.used > self._settings.idle_after_s
        ]
        if idle and len(idle) == len(self._ready) and not self._queue:
            if Phase.IMPORTED in self.phases:
                self._let_go(idle)
            elif Phase.STARTING not in self.phases:
                self._start(spare=True)
        elif len(idle) > 1:
            self._let_go(idle[1:])
        self._arm_idle()

    def _let_go(self, workers: list[Worker]) -> None:
        for worker in workers:
            self._ready.remove(worker)
            worker.close()
