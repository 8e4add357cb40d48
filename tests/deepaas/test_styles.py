"""Modules in the style of real ones, each installed in an environment of its own and served unmodified."""

from __future__ import annotations

import io
import shutil
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import waiting
from pelagos.module import processes
from side_by_side import servers
from side_by_side.servers import ROOT, Server

pytestmark = [pytest.mark.heavy, pytest.mark.xdist_group("styles")]
STYLES = ROOT / "tests" / "modules_for_tests" / "styles"
NAMES = ("herbarium", "painter", "meter", "finches", "tides")
PICTURE = b"P6 1 1 255\nabc"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """All five, from a copy of their sources, as two of them write beside their code."""
    folder = tmp_path_factory.mktemp("styles")
    for name in NAMES:
        shutil.copytree(STYLES / name, folder / name)
    state = folder / "state"
    servers.install(state, *(folder / name for name in NAMES))
    with servers.pelagos(folder / "server", state, modules=NAMES) as running:
        yield running


def predict(server: Server, model: str, **how: Any) -> Any:
    return server.client.post(f"/v2/models/{model}/predict/", **how)


class TestHerbarium:
    def test_reads_its_metadata_with_pkg_resources(self, server: Server) -> None:
        told = server.client.get("/v2/models/herbarium/").json()

        assert (told["Name"], told["Version"], told["Author"]) == ("herbarium", "0.4.0", "A botanist")

    def test_gets_arguments_with_hyphens(self, server: Server) -> None:
        answer = predict(server, "herbarium", params={"leaf-length": "3.5", "leaf-shape": "needle", "top-k": "1"})

        assert answer.json() == {"status": "ok", "predictions": {"labels": ["pine"], "probabilities": [0.6]}}

    def test_refuses_what_is_missing(self, server: Server) -> None:
        answer = predict(server, "herbarium", params={"leaf-shape": "round"})

        assert answer.status_code == 422
        assert answer.json() == {
            "leaf-length": ["Missing data for required field."],
            "leaf-shape": ["Must be one of: oval, needle."],
        }

    def test_tells_its_schema_in_the_specification(self, server: Server) -> None:
        told = server.client.get("/swagger.json").json()

        assert "predictions" in told["definitions"]["ModelPredictionResponse"]["properties"]


class TestPainter:
    files = {  # noqa: RUF012 - read only
        "image_content": ("my photo.ppm", PICTURE, "image/x-portable-pixmap"),
        "image_style": ("style.ppm", PICTURE, "image/x-portable-pixmap"),
    }

    def test_needs_both_files(self, server: Server) -> None:
        answer = predict(server, "painter", files={"image_content": self.files["image_content"]})

        assert answer.json() == {"image_style": ["Missing data for required field."]}

    def test_answers_with_an_open_file_when_the_client_takes_anything(self, server: Server) -> None:
        answer = predict(server, "painter", files=self.files, headers={"accept": "*/*"})

        assert answer.content == PICTURE + b"abc"
        assert answer.headers["content-type"] == "image/x-portable-pixmap"
        assert answer.headers["content-disposition"] == 'attachment; filename="painted.ppm"'

    def test_answers_with_the_picture_that_was_asked_for(self, server: Server) -> None:
        answer = predict(server, "painter", files=self.files, headers={"accept": "text/html, image/png;q=0.9"})

        assert (answer.headers["content-type"], answer.content[:4]) == ("image/png", b"\x89PNG")

    def test_answers_with_an_archive(self, server: Server) -> None:
        answer = predict(server, "painter", files=self.files, headers={"accept": "application/zip"})

        assert zipfile.ZipFile(io.BytesIO(answer.content)).namelist() == ["painted.ppm"]

    def test_gives_its_own_errors_their_status_and_reason(self, server: Server) -> None:
        files = {**self.files, "image_content": ("notes.txt", b"no picture", "text/plain")}

        answer = predict(server, "painter", files=files, headers={"accept": "*/*"})

        assert (answer.status_code, answer.text) == (400, "400: notes.txt is no picture")

    def test_leaves_no_upload_behind(self, server: Server) -> None:
        for _ in range(3):
            predict(server, "painter", files={**self.files, "image_style": ("big.ppm", b"x" * 2_000_000, "a/b")})

        assert server.files_left("painted.ppm") == []


class TestMeter:
    def test_is_a_class_and_warm(self, server: Server) -> None:
        answer = predict(server, "meter")

        assert answer.json()["predictions"] == {"label": "meter", "value": 25.0, "unit": "kWh", "warmed": True}

    def test_reads_fields_of_its_own(self, server: Server) -> None:
        answer = predict(server, "meter", data={"reading": "2 m3", "label": "Cellar"}, headers={"accept": "text/csv"})

        assert answer.text == "CELLAR,4.0,m3\n"

    def test_refuses_in_its_own_words(self, server: Server) -> None:
        answer = predict(server, "meter", json={"reading": "2 miles"})

        assert answer.json() == {"reading": ["Unknown unit 'miles'; expected one of kWh, m3"]}


class TestFinches:
    def test_offers_a_trained_model_the_moment_it_is_there(self, server: Server) -> None:
        assert predict(server, "finches", data={"timestamp": "2020-01-01_000000"}).status_code == 422

        first = trained(server, epochs="1")
        seen = self.predicted(server, first["modelname"])

        assert seen == {"labels": ["darwin", "zebra"], "epochs": 1, "file": "bird.jpg"}

    def test_chooses_the_newest_model_and_tells_it_in_the_specification(self, server: Server) -> None:
        trained(server, epochs="1")
        newest = trained(server, epochs="2")["modelname"]

        told = await_parameter(server, newest)

        assert told["default"] == newest
        assert self.predicted(server, None)["epochs"] == 2

    def test_has_a_port_of_its_own_and_nothing_of_it_stays(self, server: Server) -> None:
        first, second = trained(server, epochs="1"), trained(server, epochs="1")

        assert first["port"] != second["port"]
        assert 6006 not in (first["port"], second["port"])
        assert monitors() == []

    def test_answers_errors_as_the_module_gives_them(self, server: Server) -> None:
        answer = predict(server, "finches")

        assert answer.status_code == 200
        assert answer.json()["predictions"]["status"] == "error"

    def predicted(self, server: Server, timestamp: str | None) -> Any:
        data = {} if timestamp is None else {"timestamp": timestamp}
        answer = predict(server, "finches", data=data, files={"data": ("bird.jpg", b"jpeg", "image/jpeg")})
        return answer.json()["predictions"]


class TestTides:
    def test_is_warm_before_the_first_request(self, server: Server) -> None:
        began = time.monotonic()
        answer = predict(server, "tides", params={"hours": ["3", "4"]})

        assert answer.status_code == 200
        assert time.monotonic() - began < 2.5

    def test_answers_with_values_of_numpy(self, server: Server) -> None:
        told = predict(server, "tides", files={"table": ("hours.csv", b"hour\n3\n9\n", "text/csv")}).json()

        assert told["predictions"]["gap"] is None
        assert told["predictions"]["levels"][0] == pytest.approx(0.999, abs=0.01)


def trained(server: Server, **arguments: str) -> Any:
    """Train and give what came of it; in a second of its own, as the module names its models by the second."""
    names = server.client.get("/v2/models/finches/train/").json()
    last = names[-1]["result"]["output"]["modelname"] if names else ""
    waiting.until(lambda: time.strftime("%Y-%m-%d_%H%M%S") > last)
    path = "/v2/models/finches/train/"
    uuid = server.client.post(path, data=arguments).json()["uuid"]
    waiting.until(lambda: server.client.get(path + uuid).json()["status"] != "running")
    told = server.client.get(path + uuid).json()
    assert told["status"] == "done", told
    return told["result"]["output"]


def await_parameter(server: Server, default: str) -> Any:
    """Wait until the specification tells a default."""
    deadline = time.monotonic() + 10
    while True:
        told = server.client.get("/swagger.json").json()["paths"]["/v2/models/finches/predict/"]["post"]["parameters"]
        timestamp = next(each for each in told if each["name"] == "timestamp")
        if timestamp.get("default") == default or time.monotonic() > deadline:
            return timestamp
        time.sleep(0.05)


def monitors() -> list[int]:
    """List the monitors of trainings that are still there, after the moment they have to leave."""
    deadline = time.monotonic() + 5
    found = [1]
    while found and time.monotonic() < deadline:
        found = [
            process.pid for process in processes.everybody() if process.state not in "ZX" and is_monitor(process.pid)
        ]
    return found


def is_monitor(pid: int) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return b"http.server" in command and processes.variable(pid, processes.TOKEN_VARIABLE) is not None
