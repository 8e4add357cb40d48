import io
import zipfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import hub_world

AtHub = Callable[..., None]
PLACE = "/api/v1/datasets/birds"


def zipped(**files: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.txt", text)
    return target.getvalue()


def left(state: Path) -> list[Path]:
    return [path for path in (state / "uploads").rglob("*") if path.is_file() and path.name != ".lock"]


class TestDatasets:
    def test_are_uploaded_as_an_archive_and_looked_into(self, at_hub: AtHub, state: Path) -> None:
        async def body(world: hub_world.Here) -> None:
            made = await world.client.put(PLACE, params={"filename": "b.zip"}, content=zipped(a="1", b="22"))
            inside = (await world.client.get(f"{PLACE}/entries")).json()

            assert (made.status_code, made.json()["files"], made.json()["bytes"]) == (201, 2, 3)
            assert [(each["name"], each["bytes"]) for each in inside["items"]] == [("a.txt", 1), ("b.txt", 2)]
            assert left(state) == []

        at_hub(body)

    def test_are_uploaded_as_files_by_their_path(self, at_hub: AtHub) -> None:
        async def body(world: hub_world.Here) -> None:
            files = {"images/a.png": ("a.png", b"1"), "train.txt": ("train.txt", b"images/a.png 0")}
            made = await world.client.post(f"{PLACE}/files", files=files)
            inside = (await world.client.get(f"{PLACE}/entries", params={"inner": "images"})).json()
            fields = await world.client.post("/api/v1/datasets/other/files", data={"a": "1"}, files={"b": b"1"})

            assert (made.status_code, made.json()["files"]) == (201, 2)
            assert [each["path"] for each in inside["items"]] == ["images/a.png"]
            assert (fields.status_code, list(fields.json()["error"]["faults"])) == (422, ["a"])

        at_hub(body)

    def test_are_refused_when_they_are_too_large_and_leave_nothing(self, at_hub: AtHub, state: Path) -> None:
        async def endless() -> AsyncIterator[bytes]:
            for _ in range(40):
                yield b"x" * 100_000

        async def body(world: hub_world.Here) -> None:
            told = await world.client.put(PLACE, params={"filename": "b.zip"}, content=b"x" * 2_000_000)
            streamed = await world.client.put(PLACE, params={"filename": "b.zip"}, content=endless())

            assert (told.status_code, streamed.status_code) == (413, 413)
            assert streamed.json()["error"]["code"] == "too_large"
            assert left(state) == []
            assert (await world.client.get("/api/v1/datasets")).json()["total"] == 0

        at_hub(body, hub__upload_max_size=1_000_000)

    def test_are_there_once_by_name(self, at_hub: AtHub) -> None:
        async def body(world: hub_world.Here) -> None:
            first, second = [
                await world.client.put(PLACE, params={"filename": "b.zip"}, content=zipped(a="1")) for _ in range(2)
            ]

            assert (first.status_code, second.status_code) == (201, 409)

        at_hub(body)

    def test_are_not_fetched_from_this_machine(self, at_hub: AtHub) -> None:
        async def body(world: hub_world.Here) -> None:
            answer = await world.client.post(f"{PLACE}/url", json={"url": "http://127.0.0.1:1/x.zip"})

            assert answer.status_code in (403, 422)

        at_hub(body)
