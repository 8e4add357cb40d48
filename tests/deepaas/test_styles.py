"""Modules in the style of real ones, each installed in an environment of its own and served unmodified."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import hub_world
import waiting
from pelagos.module import processes
from side_by_side import servers
from side_by_side.servers import ROOT, Server

pytestmark = [pytest.mark.heavy, pytest.mark.xdist_group("styles")]
STYLES = ROOT / "tests" / "modules_for_tests" / "styles"
NAMES = ("herbarium", "painter", "meter", "finches", "tides")
FINCHES = "/v2/models/finches/"
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

    def test_gets_files_of_the_class_of_the_deepaas_that_it_declares(self, server: Server) -> None:
        answer = predict(server, "painter", files=self.files, headers={"accept": "application/json"})

        assert answer.status_code == 200, answer.text
        assert "/site-packages/deepaas/model/v2" in answer.json()["predictions"]["deepaas"]

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


class TestCommands:
    def test_predict_for_a_file_and_for_a_folder(self, server: Server, birds: Path, tmp_path: Path) -> None:
        trained(server, epochs="1")

        one = pelagos(server, tmp_path, "predict", "finches", str(birds / "a.jpg"), "--json")
        all_of_them = pelagos(server, tmp_path, "predict", "finches", str(birds), "--output", "out")

        assert json.loads(one.stdout) == {"labels": ["darwin", "zebra"], "epochs": 1, "file": "a.jpg"}
        assert all_of_them.returncode == 0, all_of_them.stderr
        answers = [json.loads((tmp_path / "out" / f"{name}.jpg.json").read_bytes()) for name in "ab"]
        assert [answer["file"] for answer in answers] == ["a.jpg", "b.jpg"]

    def test_predict_with_several_files_and_write_a_picture(self, server: Server, tmp_path: Path) -> None:
        for name in ("content.ppm", "style.ppm"):
            (tmp_path / name).write_bytes(PICTURE)
        files = ["--image_content", "content.ppm", "--image_style", "style.ppm"]

        ran = pelagos(server, tmp_path, "predict", "painter", *files, "--output", "out")

        assert ran.returncode == 0, ran.stderr
        assert [path.read_bytes() for path in (tmp_path / "out").iterdir()] == [PICTURE + b"abc"]

    def test_train_and_the_server_lists_it(self, server: Server, tmp_path: Path) -> None:
        await_second(server)
        ran = pelagos(server, tmp_path, "train", "finches", "--epochs", "2", "--json")

        told = json.loads(ran.stdout)
        assert (ran.returncode, told["state"]) == (0, "done")
        assert server.client.get(f"{FINCHES}train/{told['uuid']}").json()["result"]["output"] == told["result"]


class TestPages:
    def test_predict_by_a_form(self, server: Server) -> None:
        trained(server, epochs="1")

        answer = server.client.post(
            "/console/modules/finches/predict", data={"_sent": "1"}, files={"data": ("c.jpg", b"jpeg", "image/jpeg")}
        )

        assert answer.status_code == 200
        assert "c.jpg" in answer.text
        assert "zebra" in answer.text

    def test_train_by_a_form_and_cancel(self, server: Server) -> None:
        begun = server.client.post("/console/modules/finches/train", data={"_sent": "1", "epochs": "100000000"})
        page = begun.headers["location"]
        path = f"{FINCHES}train/{page.rpartition('/')[2]}"
        waiting.until(lambda: "Epoch 1/" in server.client.get(f"{path}/log").text)

        ended = server.client.post(f"{page}/cancel")

        assert (begun.status_code, ended.status_code) == (303, 303)
        assert server.client.get(path).json()["status"] == "cancelled"
        assert "cancelled" in server.client.get(page).text
        assert monitors() == []


class TestHub:
    def test_predicts_for_a_data_set_in_a_job(self, server: Server, birds: Path) -> None:
        trained(server, epochs="1")
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for path in birds.iterdir():
                archive.write(path, path.name)

        with hub_world.process(server.state) as hub, hub.client() as client:
            client.put("/api/v1/datasets/birds", params={"filename": "birds.zip"}, content=packed.getvalue())
            wanted = {"module": "finches", "kind": "batch_prediction", "dataset": "birds"}
            run = client.post("/api/v1/runs", json=wanted).json()
            waiting.until(lambda: client.get(f"/api/v1/runs/{run['id']}").json()["state"] in ("done", "failed"))
            ended = client.get(f"/api/v1/runs/{run['id']}").json()

        assert (ended["state"], ended["result"]["done"]) == ("done", 2), ended
        outputs = server.state / "jobs" / run["id"] / "outputs"
        assert json.loads((outputs / "b.jpg.json").read_bytes())["file"] == "b.jpg"


@pytest.fixture
def birds(tmp_path: Path) -> Path:
    """A folder of two pictures."""
    folder = tmp_path / "birds"
    folder.mkdir()
    for name in ("a.jpg", "b.jpg"):
        (folder / name).write_bytes(b"jpeg")
    return folder


def pelagos(server: Server, folder: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command on the state of the server."""
    return server.run("pelagos", *words, model="", folder=folder)


def trained(server: Server, **arguments: str) -> Any:
    """Train and give what came of it."""
    await_second(server)
    path = f"{FINCHES}train/"
    uuid = server.client.post(path, data=arguments).json()["uuid"]
    waiting.until(lambda: server.client.get(path + uuid).json()["status"] != "running")
    told = server.client.get(path + uuid).json()
    assert told["status"] == "done", told
    return told["result"]["output"]


def await_second(server: Server) -> None:
    """Wait for a second in which nothing was trained: the module names its models by it."""
    ended = [each["result"]["output"] for each in server.client.get(f"{FINCHES}train/").json() if "result" in each]
    last = ended[-1]["modelname"] if ended else ""
    waiting.until(lambda: time.strftime("%Y-%m-%d_%H%M%S") > last)


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
