import asyncio
import json
import os
from pathlib import Path

import pytest

from pelagos.cli import folder_prediction
from pelagos.cli.folder_prediction import FolderPrediction, Summary
from pelagos.domain import errors


async def content(path: Path) -> tuple[bytes, str]:
    """Answer with what is in the file; the word `bad` is refused."""
    await asyncio.sleep(0)
    if path.read_text() == "bad":
        raise errors.InvalidInput({"image": ["is bad"]})
    return json.dumps(path.read_text()).encode(), "application/json"


def predict(folder: Path, target: Path, answer: folder_prediction.Answer = content, *, force: bool = False) -> Summary:
    """Predict for a folder, three at a time."""
    run = FolderPrediction(folder, target, force=force, at_once=3, told=lambda _: None)
    asyncio.run(run.run(answer))
    return run.summary


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.txt", "deep/er/b.txt", "c d#.txt", ".hidden", ".git/config"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path / "in"


def answers(target: Path) -> dict[str, str]:
    return {str(path.relative_to(target)): json.loads(path.read_text()) for path in target.rglob("*.json")}


class TestFolderPrediction:
    def test_writes_an_answer_for_each_input(self, folder: Path, tmp_path: Path) -> None:
        summary = predict(folder, tmp_path / "out")

        assert answers(tmp_path / "out") == {
            "a.txt.json": "a.txt",
            "c d#.txt.json": "c d#.txt",
            "deep/er/b.txt.json": "deep/er/b.txt",
        }
        assert (summary.done, summary.skipped, summary.failed) == (3, 0, 0)

    def test_does_only_what_is_missing(self, folder: Path, tmp_path: Path) -> None:
        predict(folder, tmp_path / "out")
        (tmp_path / "out" / "a.txt.json").unlink()

        summary = predict(folder, tmp_path / "out")

        assert (summary.done, summary.skipped) == (1, 2)

    def test_does_all_again_when_forced(self, folder: Path, tmp_path: Path) -> None:
        predict(folder, tmp_path / "out")
        (folder / "a.txt").write_text("new")

        summary = predict(folder, tmp_path / "out", force=True)

        assert summary.done == 3
        assert answers(tmp_path / "out")["a.txt.json"] == "new"

    def test_does_again_what_is_out_of_date(self, folder: Path, tmp_path: Path) -> None:
        predict(folder, tmp_path / "out")
        old, kept = (tmp_path / "out" / name for name in ("a.txt.json", "c d#.txt.json"))
        os.utime(old, ns=(1, 1))
        run = FolderPrediction(
            folder, tmp_path / "out", since_ns=kept.stat().st_mtime_ns, at_once=1, told=lambda _: None
        )

        asyncio.run(run.run(content))

        assert (run.summary.done, old.stat().st_mtime_ns > 1) == (1, True)

    def test_writes_down_what_failed_and_goes_on(self, folder: Path, tmp_path: Path) -> None:
        (folder / "a.txt").write_text("bad")

        summary = predict(folder, tmp_path / "out")

        assert (summary.done, summary.failed) == (2, 1)
        line = json.loads((tmp_path / "out" / "errors.jsonl").read_text())
        assert line == {"input": "a.txt", "code": "invalid_input", "message": "image: is bad"}

    def test_tries_what_failed_again(self, folder: Path, tmp_path: Path) -> None:
        (folder / "a.txt").write_text("bad")
        predict(folder, tmp_path / "out")
        (folder / "a.txt").write_text("good")

        summary = predict(folder, tmp_path / "out")

        assert (summary.done, summary.skipped, summary.failed) == (1, 2, 0)
        assert not (tmp_path / "out" / "errors.jsonl").exists()

    def test_leaves_its_own_answers_out(self, folder: Path) -> None:
        predict(folder, folder / "out")

        summary = predict(folder, folder / "out")

        assert (summary.done, summary.skipped) == (0, 3)

    def test_stops_at_what_would_stop_every_input(self, folder: Path, tmp_path: Path) -> None:
        async def broken(path: Path) -> tuple[bytes, str]:
            raise errors.Unavailable("no worker can be started")

        with pytest.raises(errors.Unavailable, match="no worker can be started"):
            predict(folder, tmp_path / "out", broken)

    def test_keeps_few_inputs_at_once(self, folder: Path, tmp_path: Path) -> None:
        for number in range(50):
            (folder / f"{number}.txt").write_text("x")
        now, most = 0, 0

        async def counted(path: Path) -> tuple[bytes, str]:
            nonlocal now, most
            now += 1
            most = max(most, now)
            await asyncio.sleep(0)
            now -= 1
            return b"1", "application/json"

        predict(folder, tmp_path / "out", counted)

        assert most == 3

    def test_keeps_what_was_finished_when_it_is_cancelled(self, folder: Path, tmp_path: Path) -> None:
        async def stuck_at_c(path: Path) -> tuple[bytes, str]:
            if path.name.startswith("c"):
                task = asyncio.current_task()
                assert task is not None
                asyncio.get_running_loop().call_later(0.05, main.cancel)
                await asyncio.Event().wait()
            return b"1", "application/json"

        async def cancelled() -> None:
            nonlocal main
            found = asyncio.current_task()
            assert found is not None
            main = found
            await FolderPrediction(folder, tmp_path / "out", at_once=3, told=lambda _: None).run(stuck_at_c)

        main: asyncio.Task[object]
        with pytest.raises(asyncio.CancelledError):
            asyncio.run(cancelled())

        assert set(answers(tmp_path / "out")) == {"a.txt.json", "deep/er/b.txt.json"}
        assert predict(folder, tmp_path / "out").done == 1

    def test_names_answers_by_what_they_are(self, folder: Path, tmp_path: Path) -> None:
        async def picture(path: Path) -> tuple[bytes, str]:
            return b"PNG", "image/png"

        run = FolderPrediction(folder, tmp_path / "out", suffixes={".png"}, at_once=1, told=lambda _: None)
        asyncio.run(run.run(picture))

        assert (tmp_path / "out" / "a.txt.png").read_bytes() == b"PNG"
        again = FolderPrediction(folder, tmp_path / "out", suffixes={".png"}, at_once=1, told=lambda _: None)
        asyncio.run(again.run(picture))
        assert again.summary.skipped == 3


class TestWrite:
    def test_leaves_no_temporary_file(self, tmp_path: Path) -> None:
        folder_prediction.write(tmp_path / "deep" / "a.json", b"1")

        assert [path.name for path in (tmp_path / "deep").iterdir()] == ["a.json"]
