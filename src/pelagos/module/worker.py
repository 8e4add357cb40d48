"""The process that imports a module's code and answers predictions: `python -m pelagos.module.worker`.

It is started by a server with the module's own Python, inherits one end of a socket pair and speaks `frames` over it.
The module's code runs in the main thread, or in `threads` threads when the module says so. What it prints goes to
the server's log.

A PREDICT frame's JSON: `arguments` by keyword; `model`, the folder of a trained model; `raw`, the request as it came
for a module that parses it itself; `files`, a list of `[place, name, content_type, where]`. `where` is the size of a
file whose bytes are in the frame, or the path of one on disk; `place` is a keyword, `[keyword]` for one more file of a
list, or the number of a field of `raw["form"]`.

A REQUEST frame is a prediction too, of a module that parses requests itself, with a body that is there as it came. Its
JSON is `raw` without that body, and `kind`, how to read it: `form`, `json`, or empty. It is the same text whenever a
client sends the same head, so it is read once.
"""

from __future__ import annotations

import argparse
import functools
import gc
import json
import os
import select
import signal
import socket
import sys
import threading
import time
import traceback
from collections import deque
from typing import Any, Deque, Dict, Iterator, List, Mapping, Optional, Tuple, Union

from pelagos.module import answers, forms, frames, loading
from pelagos.module.adapter import Adapter, Answer, Interrupted, Refused, Request
from pelagos.module.arguments import BadInput
from pelagos.module.batching import BatchSize
from pelagos.module.files import File, Folder

INTERRUPT = signal.SIGUSR1
"""Sent by the server when nobody waits any longer for the prediction that is running."""
FAST_S = 0.0003
"""Predictions shorter than this are answered many at a time."""
DEEPEST = 16
"""Most requests on their way to a worker whose predictions are fast."""
UNKNOWN_S = 0.1
"""How long a prediction is thought to take at first: the server shall see each of the first ones end by itself."""
ORPHAN_GRACE_S = 2.0


class Worker:
    """Answers the frames of one connection, one after the other."""

    def __init__(self, channel: frames.Channel, adapter: Adapter, *, threads: int = 1, batch: bool = False) -> None:
        self._channel = channel
        self._adapter = adapter
        self._threads = threads
        self._sizes = BatchSize() if batch and threads == 1 else None
        self._waiting: Deque[frames.Frame] = deque()
        self._answers: List[bytes] = []
        self._mean_s = UNKNOWN_S
        self._module_code = _ModuleCode(threads)
        self._sending = threading.Lock()
        self._places = threading.Semaphore(threads)

    def serve(self, greeting: bytes) -> None:
        """Send `greeting`, then answer until the server closes the connection."""
        signal.signal(INTERRUPT, self._interrupt)
        self._send(greeting)
        while True:
            arrived = self._channel.receive(awake=self._threads == 1 and self._mean_s < FAST_S)
            if not arrived:
                return
            self._accept(arrived)
            self._work()

    def _accept(self, arrived: List[frames.Frame]) -> None:
        for frame in arrived:
            if frame.kind in (frames.PREDICT, frames.REQUEST):
                self._waiting.append(frame)
            elif frame.kind == frames.LOAD:
                self._channel.send(_warm(self._adapter))
            elif frame.kind == frames.DESCRIBE:
                self._send(_description(self._adapter))

    def _work(self) -> None:
        while self._waiting:
            if self._threads > 1:
                self._start_thread(self._waiting.popleft())
            else:
                self._run(self._take())
        self._flush()

    def _take(self) -> List[frames.Frame]:
        wanted = 1
        if self._sizes is not None:
            # What has come in the meantime counts: else the last of an odd number would always go alone.
            while len(self._waiting) < self._sizes.looked_at:
                arrived = self._channel.receive(wait=False)
                if not arrived:
                    break
                self._accept(arrived)
            wanted = self._sizes.wanted(len(self._waiting))
        first = self._waiting.popleft()
        if wanted == 1:
            return [first]
        taken, model = [first], first.head().get("model")
        while self._waiting and len(taken) < wanted and self._waiting[0].head().get("model") == model:
            taken.append(self._waiting.popleft())
        return taken

    def _run(self, taken: List[frames.Frame]) -> None:
        started = time.perf_counter()
        if len(taken) == 1:
            self._answers.append(self._answer(taken[0]))
        else:
            self._answers.extend(self._answer_together(taken))
        elapsed = time.perf_counter() - started
        if max(elapsed / len(taken), self._mean_s) > FAST_S:
            # Somebody waits; what is learned from it has time.
            self._flush()
        self._note(elapsed / len(taken))
        if self._sizes is not None:
            self._sizes.learn(len(taken), elapsed)

    def _note(self, seconds: float) -> None:
        # One that was held up by other work on the machine counts a little only.
        self._mean_s += (min(seconds, 4 * self._mean_s) - self._mean_s) * 0.1

    def _answer(self, frame: frames.Frame) -> bytes:
        request: Optional[Request] = None
        try:
            request = read_request(frame)
            with self._module_code:
                answer = self._adapter.predict(request)
            return self._finish(frame.id, answer)
        except BaseException as error:  # The isolation point: the module's code may raise anything.
            return _error(frame.id, error, self._hint())
        finally:
            _discard(request)

    def _answer_together(self, taken: List[frames.Frame]) -> List[bytes]:
        requests: List[Request] = []
        try:
            requests = [read_request(frame) for frame in taken]
            with self._module_code:
                answers = self._adapter.predict_batch(requests)
            if len(answers) != len(taken):
                raise RuntimeError(f"predict_batch gave {len(answers)} answers to {len(taken)} requests")
            return [self._finish_one(frame, answer) for frame, answer in zip(taken, answers)]
        except Interrupted as error:
            # The server interrupts only the oldest request.
            return [_error(taken[0].id, error, self._hint())] + [self._answer(frame) for frame in taken[1:]]
        except Exception:  # The isolation point: one bad request must not fail its neighbours
            return [self._answer(frame) for frame in taken]
        finally:
            for request in requests:
                _discard(request)

    def _finish_one(self, frame: frames.Frame, answer: Union[Answer, Exception]) -> bytes:
        if isinstance(answer, Exception):
            return _error(frame.id, answer, self._hint())
        return self._finish(frame.id, answer)

    def _finish(self, id: int, answer: Answer) -> bytes:  # noqa: A002 - the record's word
        if not isinstance(answer.body, bytes):
            return self._stream(id, answer, answer.body)
        return frames.pack(frames.ANSWER, id, _head(answer), answer.body, self._hint())

    def _stream(self, id: int, answer: Answer, pieces: Iterator[bytes]) -> bytes:  # noqa: A002 - the record's word
        self._flush()
        head: Optional[Dict[str, Any]] = _head(answer) or {}
        while True:
            with self._module_code:
                piece = next(pieces, None)
            if piece is None:
                break
            self._send(frames.pack(frames.PIECE, id, head, piece))
            head = None
        return frames.pack(frames.END, id, head, hint=self._hint())

    def _hint(self) -> int:
        if self._sizes is not None:
            return max(2 * self._sizes.trying, self._depth())
        return self._threads + self._depth() - 1

    def _depth(self) -> int:
        # One request waits here already, unless predictions are so long that another worker may be free before.
        if self._mean_s < FAST_S:
            return DEEPEST
        return 2 if self._mean_s < 0.05 else 1

    def _flush(self) -> None:
        if self._answers:
            data, self._answers = b"".join(self._answers), []
            self._send(data)

    def _send(self, data: bytes) -> None:
        with self._sending:
            self._channel.send(data)

    def _interrupt(self, number: int, stack: Any) -> None:  # noqa: ARG002 - a signal handler's shape
        if self._module_code.runs:
            self._module_code.runs = False
            raise Interrupted
        # No thread but the main one can be interrupted from here; an adapter may have a way of its own.
        getattr(self._adapter, "interrupt", _nothing)()

    def _start_thread(self, frame: frames.Frame) -> None:
        self._places.acquire()
        threading.Thread(target=self._run_in_thread, args=(frame,), daemon=True).start()

    def _run_in_thread(self, frame: frames.Frame) -> None:
        try:
            started = time.perf_counter()
            self._send(self._answer(frame))
            self._note(time.perf_counter() - started)
        except SystemExit as ended:
            os._exit(ended.code if isinstance(ended.code, int) else 1)
        finally:
            self._places.release()


def _nothing() -> None:
    """Interrupt nothing."""


class _ModuleCode:
    """Knows whether the module's code runs in the main thread: only then may it be interrupted."""

    def __init__(self, threads: int) -> None:
        self._in_main_thread = threads == 1
        self.runs = False

    def __enter__(self) -> None:
        self.runs = self._in_main_thread

    def __exit__(self, *exc: object) -> None:
        self.runs = False


def read_request(frame: frames.Frame) -> Request:
    """Turn a PREDICT or REQUEST frame into a request."""
    if frame.kind == frames.REQUEST:
        return Request({}, raw=_read_raw(_said(bytes(frame.json)), bytes(frame.body)))
    head = frame.head()
    model = head.get("model")
    request = Request(head.get("arguments", {}), None if model is None else Folder(model), head.get("raw"))
    files, start = [], 0
    for place, name, content_type, where in head.get("files", ()):
        if isinstance(where, str):
            file = File(name, content_type=content_type, path=where)
        else:
            file = File(name, content_type=content_type, data=frame.body[start : start + where])
            start += where
        files.append(file)
        _place(request, place, file)
    request.files = files
    return request


@functools.lru_cache(maxsize=256)
def _said(head: bytes) -> Dict[str, Any]:
    found: Dict[str, Any] = json.loads(head)
    return found


def _read_raw(said: Mapping[str, Any], body: bytes) -> Dict[str, Any]:
    raw = dict(said)
    if said["kind"] == "form":
        raw["form"] = forms.pairs(body)
    elif said["kind"] == "json" and body:
        try:
            raw["json"] = json.loads(body)
        except (ValueError, RecursionError):
            raw["invalid_json"] = True
    return raw


def _place(request: Request, place: Union[str, int, List[str]], file: File) -> None:
    if isinstance(place, str):
        request.arguments[place] = file
    elif isinstance(place, int):
        assert request.raw is not None
        request.raw["form"][place][1] = file
    else:
        request.arguments.setdefault(place[0], []).append(file)


def _discard(request: Optional[Request]) -> None:
    for file in request.files if request is not None else ():
        file.discard()


def _head(answer: Answer) -> Optional[Dict[str, Any]]:
    if answer.status == 200 and answer.media_type == "application/json" and not answer.headers:
        return None
    return {"status": answer.status, "media_type": answer.media_type, "headers": dict(answer.headers)}


def _error(id: int, error: BaseException, hint: int) -> bytes:  # noqa: A002 - the record's word
    if isinstance(error, SystemExit):
        raise error
    if isinstance(error, Refused):
        head = {"status": error.status, "media_type": error.media_type, "headers": {}}
        return frames.pack(frames.ANSWER, id, head, error.body, hint)
    if isinstance(error, BadInput):
        return frames.pack(frames.ERROR, id, {"code": "invalid_input", "faults": error.faults}, hint=hint)
    if isinstance(error, Interrupted):
        return frames.pack(frames.ERROR, id, {"code": "interrupted", "message": "interrupted"}, hint=hint)
    return frames.pack(frames.ERROR, id, _told(error), hint=hint)


def _told(error: BaseException) -> Dict[str, Any]:
    number = os.urandom(6).hex()
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    print(f"prediction failed, error {number}\n{text}", file=sys.stderr, flush=True)
    return {"code": "module_error", "message": _summary(error), "id": number, "traceback": text}


def _summary(error: BaseException) -> str:
    return "".join(traceback.format_exception_only(type(error), error)).strip()[:2000]


def _description(adapter: Adapter) -> bytes:
    try:
        return frames.pack(frames.IMPORTED, head=answers.plain(adapter.description()))
    except Exception:  # The isolation point: the server goes on with what it knows.
        traceback.print_exc(file=sys.stderr)
        return b""


def _warm(adapter: Adapter) -> bytes:
    try:
        adapter.warm()
    except Exception as error:  # The isolation point: the server is told and decides.
        return _failed(error)
    # Libraries and weights stay: the collector need not walk through them again and again.
    gc.collect()
    gc.freeze()
    return frames.pack(frames.READY)


def _failed(error: BaseException) -> bytes:
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    return frames.pack(frames.FAILED, head={"message": _summary(error), "traceback": text})


def _end_with_the_server(descriptor: int) -> None:
    """Wait for the server's death; the module's code may be busy for ever, so the whole group is ended."""
    poll = select.poll()
    poll.register(descriptor, 0)
    poll.poll()
    time.sleep(ORPHAN_GRACE_S)
    os.killpg(os.getpgrp(), signal.SIGKILL) if os.getpgrp() == os.getpid() else os._exit(1)


def _options(arguments: Optional[List[str]]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="pelagos.module.worker", description="Answers predictions for a server.")
    parser.add_argument("--socket-fd", type=int, required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--kind", default="native")
    parser.add_argument("--entry", required=True)
    return parser.parse_args(arguments)


def _load(options: argparse.Namespace) -> Tuple[Adapter, Dict[str, Any]]:
    adapter = loading.load(options.name, kind=options.kind, entry=options.entry)
    return adapter, answers.plain(adapter.description())


def main(arguments: Optional[List[str]] = None) -> int:
    """Run a worker to its end; returns the exit code."""
    options = _options(arguments)
    os.set_inheritable(options.socket_fd, False)
    connection = socket.socket(fileno=options.socket_fd)
    channel = frames.Channel(connection)
    threading.Thread(target=_end_with_the_server, args=(options.socket_fd,), daemon=True).start()
    try:
        adapter, description = _load(options)
    except Exception as error:  # The isolation point: importing the module may raise anything.
        channel.send(_failed(error))
        return 1
    worker = Worker(channel, adapter, threads=description["threads"], batch=description["batch"])
    worker.serve(frames.pack(frames.IMPORTED, head=description))
    return 0


if __name__ == "__main__":
    sys.exit(main())
