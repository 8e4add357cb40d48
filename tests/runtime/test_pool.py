"""Workers are started, watched and replaced; calls are never lost without an answer."""

import asyncio
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from pelagos.domain import errors
from pelagos.runtime import calls, pool
from pelagos.runtime.worker import Phase
from runtime.conftest import FAST, Make, run, until


def answer(reply: calls.Reply) -> Any:
    assert not isinstance(reply.body, calls.Stream)
    return json.loads(bytes(reply.body))["predictions"]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"


def quiet(code: Any, settings: pool.PoolSettings = FAST) -> pool.Pool:
    return pool.Pool(code, settings, on_log=lambda _: None)


async def _often(workers: pool.Pool, arguments: dict[str, Any]) -> None:
    while True:
        await workers.predict(arguments)


class TestPool:
    def test_answers_what_the_module_returns(self, code: Make) -> None:
        async def body() -> None:
            async with quiet(code("Odd")) as workers:
                assert answer(await workers.predict({}))["model"] == "pretrained"
                assert workers.description is not None
                assert workers.description["name"] == "odd"

        run(body)

    def test_gives_files_to_the_module_with_their_suffix_and_removes_what_that_made(self, code: Make) -> None:
        async def body() -> None:
            async with quiet(code("Odd")) as workers:
                image = calls.Upload("a.PNG", size=3, data=b"abc")

                said = answer(await workers.predict({"act": "file", "image": image}))

                assert (said["name"], said["size"], said["suffix"]) == ("a.PNG", 3, ".PNG")
                assert not Path(said["path"]).exists()

        run(body)

    def test_gives_lists_of_files_in_memory_and_on_disk(self, code: Make, tmp_path: Path) -> None:
        async def body() -> None:
            (tmp_path / "b").write_bytes(b"on disk")
            files = [
                calls.Upload("a.txt", size=9, data=b"in memory"),
                calls.Upload("b.txt", size=7, path=tmp_path / "b"),
            ]
            async with quiet(code("Odd")) as workers:
                said = answer(await workers.predict({"act": "files", "files": files}))

                assert said == [["a.txt", "in memory"], ["b.txt", "on disk"]]

        run(body)

    def test_loads_a_trained_model_once_and_keeps_the_pretrained_one(self, code: Make, tmp_path: Path) -> None:
        async def body() -> None:
            (tmp_path / "name").write_text("mine")
            async with quiet(code("Odd")) as workers:
                await workers.predict({}, model=tmp_path)

                trained = answer(await workers.predict({}, model=tmp_path))
                pretrained = answer(await workers.predict({}))

                assert (trained["model"], trained["loads"]) == ("mine", 2)
                assert (pretrained["model"], pretrained["loads"]) == ("pretrained", 2)

        run(body)

    def test_gives_dates_enumerations_and_folders_their_types(self, code: Make, tmp_path: Path) -> None:
        async def body() -> None:
            async with quiet(code("Typed")) as workers:
                sent = {"day": "2026-01-31", "colour": "blue", "folder": str(tmp_path)}

                said = answer(await workers.predict(sent))

                assert said[:2] == ["datetime.date(2026, 1, 31)", "<Colour.BLUE: 'blue'>"]
                assert said[2:] == [f"Folder({str(tmp_path)!r})", "1"]

        run(body)

    def test_starts_more_workers_when_calls_wait(self, code: Make) -> None:
        async def body() -> None:
            async with quiet(code("Odd"), pool.PoolSettings(workers=2)) as workers:
                assert len(workers.pids) == 1

                waiting = [asyncio.create_task(workers.predict({"act": "sleep", "seconds": 0.2})) for _ in range(10)]
                await until(lambda: workers.phases == [Phase.READY, Phase.READY])

                await asyncio.gather(*waiting)

        run(body)

    def test_starts_more_workers_when_calls_wait_behind_others_in_a_worker(self, code: Make) -> None:
        async def body() -> None:
            async with quiet(code("Odd"), pool.PoolSettings(workers=2)) as workers:
                for _ in range(40):  # Until it is known as quick, and gets a second call before it has answered.
                    await workers.predict({})
                assert len(workers.pids) == 1

                calling = [asyncio.create_task(_often(workers, {"act": "sleep", "seconds": 0.03})) for _ in range(2)]
                await until(lambda: workers.phases == [Phase.READY, Phase.READY])

                for each in calling:
                    each.cancel()
                await asyncio.gather(*calling, return_exceptions=True)

        run(body)

    def test_shares_the_cores_among_its_workers(self, code: Make) -> None:
        async def body() -> None:
            async with quiet(code("Odd"), pool.PoolSettings(workers=10_000)) as workers:
                said = answer(await workers.predict({"act": "environment"}))

                assert (said["PELAGOS_THREADS"], said["OMP_NUM_THREADS"]) == ("1", "1")

        run(body)

    def test_runs_several_at_once_where_the_module_allows_threads(self, code: Make) -> None:
        async def body() -> None:
            async with quiet(code("Threaded")) as workers:
                await workers.predict({"seconds": 0.0})
                began = time.monotonic()

                await asyncio.gather(*(workers.predict({"seconds": 0.5}) for _ in range(4)))

                assert time.monotonic() - began < 1.5

        run(body)

    def test_learns_to_answer_many_at_once(self, code: Make) -> None:
        async def body() -> None:
            async with quiet(code("Batched")) as workers:
                replies = await asyncio.gather(*(workers.predict({"number": number}) for number in range(400)))

                said = [answer(reply) for reply in replies]
                assert [each["number"] for each in said] == list(range(400))
                assert said[0]["batch"] == 1
                assert max(each["batch"] for each in said) >= 4

        run(body)

    def test_does_not_let_one_bad_request_fail_its_batch(self, code: Make) -> None:
        async def body() -> None:
            async with quiet(code("Batched")) as workers:
                numbers = [*range(100), -1, *range(100)]

                replies = await asyncio.gather(
                    *(workers.predict({"number": number}) for number in numbers), return_exceptions=True
                )

                failed = [
                    number for number, reply in zip(numbers, replies, strict=True) if isinstance(reply, Exception)
                ]
                assert failed == [-1]

        run(body)


class TestErrors:
    def test_are_the_clients_when_the_module_refuses(self, code: Make) -> None:
        async def body() -> None:
            async with quiet(code("Odd")) as workers:
                with pytest.raises(errors.InvalidInput) as caught:
                    await workers.predict({"act": "bad"})

                assert caught.value.faults == {"act": ["is bad", "very bad"]}

        run(body)

    def test_of_the_module_have_an_id_that_is_in_the_log(self, code: Make) -> None:
        async def body() -> None:
            printed: list[bytes] = []
            async with pool.Pool(code("Odd"), FAST, on_log=printed.append) as workers:
                with pytest.raises(errors.ModuleFailed, match="ZeroDivisionError") as caught:
                    await workers.predict({"act": "raise"})

                await until(lambda: caught.value.error_id.encode() in b"".join(printed))
                await until(lambda: b"Traceback" in b"".join(printed))

        run(body)

    def test_name_an_answer_that_is_not_json(self, code: Make) -> None:
        async def body() -> None:
            async with quiet(code("Odd")) as workers:
                with pytest.raises(errors.ModuleFailed, match="an answer cannot hold object"):
                    await workers.predict({"act": "odd type"})

        run(body)

    def test_do_not_come_from_numbers_that_json_has_not(self, code: Make) -> None:
        async def body() -> None:
            async with quiet(code("Odd")) as workers:
                assert answer(await workers.predict({"act": "nan"})) == {"x": None, "y": [None, 1.5]}
                assert answer(await workers.predict({"act": "surrogate"})) == {"x": "\ud800"}

        run(body)

    def test_do_not_come_from_large_answers(self, code: Make) -> None:
        async def body() -> None:
            async with quiet(code("Odd")) as workers:
                assert len(answer(await workers.predict({"act": "big", "size": 5_000_000}))) == 5_000_000

        run(body)

    @pytest.mark.parametrize(
        ("act", "reason"), [("exit", "exit code 3"), ("hard exit", "exit code 4"), ("kill", "SIGKILL")]
    )
    def test_tell_how_the_worker_died_and_the_next_call_is_answered(self, code: Make, act: str, reason: str) -> None:
        async def body() -> None:
            async with quiet(code("Odd")) as workers:
                await workers.predict({})

                with pytest.raises(errors.WorkerDied, match=reason):
                    await workers.predict({"act": act})

                assert answer(await workers.predict({}))["loads"] == 1
                assert workers.restarts == 1

        run(body)

    def test_of_one_call_are_not_those_of_the_calls_behind_it(self, code: Make) -> None:
        async def body() -> None:
            async with quiet(code("Odd")) as workers:
                for _ in range(50):
                    await workers.predict({})
                acts = ["echo", "kill", "echo", "echo", "echo"]

                replies = await asyncio.gather(*(workers.predict({"act": act}) for act in acts), return_exceptions=True)

                assert [isinstance(reply, errors.WorkerDied) for reply in replies].count(True) == 1

        run(body)

    def test_stop_the_start_when_the_module_cannot_be_loaded(self, code: Make) -> None:
        async def body() -> None:
            with pytest.raises(errors.ModuleFailed, match="the weights are missing") as caught:
                async with quiet(code("NeverReady")):
                    pass

            assert "odd.py" in caught.value.traceback

        run(body)

    def test_stop_the_start_when_the_module_cannot_be_imported(self, code: Make) -> None:
        async def body() -> None:
            with pytest.raises(errors.ModuleFailed, match="Absent"):
                async with quiet(code("Absent")):
                    pass

        run(body)

    def test_refuse_calls_at_once_while_no_worker_can_be_started(
        self, code: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ODD_MARKER", str(tmp_path / "loaded"))

        async def body() -> None:
            async with quiet(code("DiesLater")) as workers:
                with pytest.raises(errors.WorkerDied):
                    await workers.predict({})
                await until(lambda: workers.trouble)

                with pytest.raises(errors.Unavailable, match="exit code 9"):
                    await workers.predict({})

        run(body)

    def test_come_in_time_when_the_module_hangs_while_it_is_loaded_again(
        self, code: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ODD_MARKER", str(tmp_path / "loaded"))

        async def body() -> None:
            async with quiet(code("HangsLater"), pool.PoolSettings(workers=1, start_timeout_s=2)) as workers:
                with pytest.raises(errors.WorkerDied):
                    await workers.predict({})

                with pytest.raises(errors.Unavailable, match="not loaded within 2 s"):
                    await workers.predict({})

        run(body)


class TestQueue:
    def test_refuses_what_is_too_much(self, code: Make) -> None:
        async def body() -> None:
            async with quiet(code("Odd"), pool.PoolSettings(workers=1, queue_size=2)) as workers:
                slow = [asyncio.create_task(workers.predict({"act": "sleep", "seconds": 0.3})) for _ in range(3)]
                await until(lambda: workers.waiting == 2)

                with pytest.raises(errors.Busy):
                    await workers.predict({})

                await asyncio.gather(*slow)

        run(body)

    def test_forgets_a_call_whose_client_has_gone(self, code: Make) -> None:
        async def body() -> None:
            async with quiet(code("Odd")) as workers:
                slow = asyncio.create_task(workers.predict({"act": "sleep", "seconds": 0.3}))
                gone = asyncio.create_task(workers.predict({"act": "kill"}))
                await until(lambda: workers.waiting == 1)

                gone.cancel()

                await until(lambda: workers.waiting == 0)
                await slow
                assert workers.restarts == 0

        run(body)

    def test_breaks_off_a_prediction_whose_client_has_gone(self, code: Make) -> None:
        async def body() -> None:
            async with quiet(code("Odd")) as workers:
                pid = answer(await workers.predict({}))["pid"]
                gone = asyncio.create_task(workers.predict({"act": "sleep", "seconds": 50}))
                await until(lambda: workers.running == 1)

                gone.cancel()

                assert answer(await workers.predict({}))["pid"] == pid

        run(body)

    def test_kills_a_worker_that_cannot_be_interrupted(self, code: Make, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pool, "KILL_GRACE_S", 0.2)

        async def body() -> None:
            async with quiet(code("Odd")) as workers:
                pid = answer(await workers.predict({}))["pid"]
                gone = asyncio.create_task(workers.predict({"act": "deaf", "seconds": 50}))
                await until(lambda: workers.running == 1)

                gone.cancel()

                assert answer(await workers.predict({}))["pid"] != pid

        run(body)

    def test_ends_a_prediction_at_its_time_limit(self, code: Make) -> None:
        async def body() -> None:
            async with quiet(code("Odd"), pool.PoolSettings(workers=1, predict_timeout_s=0.3)) as workers:
                with pytest.raises(errors.Timeout, match=r"0\.3 s"):
                    await workers.predict({"act": "sleep", "seconds": 50})

                assert answer(await workers.predict({}))["model"] == "pretrained"

        run(body)


class TestIdleness:
    def test_leaves_a_warm_spare_that_loads_when_it_is_needed(self, code: Make) -> None:
        async def body() -> None:
            async with quiet(code("Odd"), pool.PoolSettings(workers=1, idle_after_s=0.2)) as workers:
                first = answer(await workers.predict({}))["pid"]
                await until(lambda: workers.phases == [Phase.IMPORTED] and first not in workers.pids)

                said = answer(await workers.predict({}))

                assert (said["pid"] != first, said["loads"]) == (True, 1)

        run(body)

    def test_can_be_switched_off(self, code: Make) -> None:
        async def body() -> None:
            async with quiet(code("Odd"), pool.PoolSettings(workers=1, idle_after_s=0)) as workers:
                await workers.predict({})

                assert workers.phases == [Phase.READY]

        run(body)

    def test_starts_with_a_spare_when_the_model_shall_not_be_warm(self, code: Make) -> None:
        async def body() -> None:
            async with quiet(code("NeverReady"), pool.PoolSettings(workers=1, warm=False)) as workers:
                assert workers.phases == [Phase.IMPORTED]

        run(body)


class TestClosing:
    def test_leaves_no_process(self, code: Make) -> None:
        async def body() -> None:
            async with quiet(code("Odd")) as workers:
                child = answer(await workers.predict({"act": "child"}))
                pids = [child, *workers.pids]

            await until(lambda: not any(alive(pid) for pid in pids))

        run(body)

    def test_leaves_no_temporary_files(self, code: Make) -> None:
        async def body() -> None:
            async with quiet(code("Odd")) as workers:
                folder = Path(answer(await workers.predict({"act": "environment"}))["TMPDIR"])
                assert folder.is_dir()

            assert not folder.exists()

        run(body)

    def test_answers_those_who_wait(self, code: Make) -> None:
        async def body() -> None:
            async with quiet(code("Odd")) as workers:
                slow = [asyncio.create_task(workers.predict({"act": "sleep", "seconds": 50})) for _ in range(3)]
                await until(lambda: workers.waiting == 2)

            replies = await asyncio.gather(*slow, return_exceptions=True)
            assert all(isinstance(reply, errors.Unavailable) for reply in replies)

        run(body)


class TestModuleCode:
    def test_may_print_without_harm(self, code: Make) -> None:
        async def body() -> None:
            printed: list[bytes] = []
            async with pool.Pool(code("Odd"), FAST, on_log=printed.append) as workers:
                assert answer(await workers.predict({"act": "print"})) == "printed"
                await until(lambda: b"".join(printed).count(b"\n") == 3)

            assert b"raw bytes on 1" in b"".join(printed)

        run(body)

    def test_finds_standard_input_empty(self, code: Make) -> None:
        async def body() -> None:
            async with quiet(code("Odd")) as workers:
                assert answer(await workers.predict({"act": "stdin"})) == ""

        run(body)

    def test_may_start_processes_of_its_own(self, code: Make) -> None:
        async def body() -> None:
            async with quiet(code("Odd")) as workers:
                assert answer(await workers.predict({"act": "multiprocessing"})) == [3]

        run(body)


class TestStream:
    def test_comes_in_pieces(self, code: Make) -> None:
        async def body() -> None:
            async with quiet(code("Talker")) as workers:
                reply = await workers.predict({"pieces": 3})
                assert isinstance(reply.body, calls.Stream)

                pieces = [piece async for piece in reply.body]

                assert reply.media_type == "text/event-stream"
                assert pieces == [b'data: {"piece": 0}\n\n', b'data: {"piece": 1}\n\n', b'data: {"piece": 2}\n\n']

        run(body)

    def test_breaks_off_with_the_modules_error(self, code: Make) -> None:
        async def body() -> None:
            async with quiet(code("Talker")) as workers:
                reply = await workers.predict({"pieces": 1, "fail": True})
                assert isinstance(reply.body, calls.Stream)

                with pytest.raises(errors.ModuleFailed, match="no more words"):
                    [piece async for piece in reply.body]

        run(body)

    def test_ends_in_the_module_when_nobody_wants_the_rest(self, code: Make) -> None:
        async def body() -> None:
            async with quiet(code("Talker")) as workers:
                reply = await workers.predict({"pieces": 1000, "pause_s": 0.05})
                assert isinstance(reply.body, calls.Stream)

                reply.body.close()

                await until(lambda: workers.running == 0)
                assert workers.restarts == 0

        run(body)

    def test_makes_the_module_wait_for_a_slow_client(self, code: Make) -> None:
        async def body() -> None:
            async with quiet(code("Talker")) as workers:
                reply = await workers.predict({"pieces": 300, "size": 10_000})
                assert isinstance(reply.body, calls.Stream)
                stream = reply.body
                await until(lambda: stream.stalled_since is not None)

                count = 0
                async for _ in stream:
                    count += 1

                assert count == 300

        run(body)


class TestServerDeath:
    def test_takes_its_workers_along(self, code: Make, tmp_path: Path) -> None:
        async def body() -> None:
            async with quiet(code("Odd")) as workers:
                slow = asyncio.create_task(workers.predict({"act": "deaf", "seconds": 50}))
                await until(lambda: workers.running == 1)
                pid = workers.pids[0]

                # All that a worker sees of its server's death: the other end of its socket is closed.
                workers._workers[0]._transport.abort()  # type: ignore[union-attr]

                await until(lambda: not alive(pid))
                with pytest.raises(errors.WorkerDied):
                    await slow

        run(body)

    def test_is_not_needed_to_end_a_worker(self, code: Make) -> None:
        async def body() -> None:
            async with quiet(code("Odd")) as workers:
                os.kill(workers.pids[0], signal.SIGTERM)
                await until(lambda: workers.restarts == 1 and Phase.READY in workers.phases)

                assert answer(await workers.predict({}))["loads"] == 1

        run(body)
