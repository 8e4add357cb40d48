from __future__ import annotations

import shlex
from typing import Any

import pytest

from pelagos.catalog import card
from pelagos.web import using

FILE = {"type": "string", "format": "binary"}
FOLDER = {"type": "string", "format": "folder"}


def lines(name: str, description: dict[str, Any] | None = None, **said: Any) -> str:
    """Give the lines of one way to use a module."""
    each = card.Card(name="plankton.v2", title="Plankton", **said)
    found = using.ways(each, description, origin="http://127.0.0.1:8800", source="/my modules/it's", deployment="")
    return next(way.lines for way in found if way.name == name)


def described(**methods: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Describe a module by the arguments of its methods; what has no default is required."""
    return {
        method: {
            "parameters": [
                {"name": name, "schema": schema, "in": None, "required": "default" not in schema}
                for name, schema in said.items()
            ]
        }
        for method, said in methods.items()
    }


class TestAnImage:
    @pytest.mark.parametrize(
        ("name", "in_full"),
        [
            ("plankton", "docker.io/library/plankton"),
            ("deephdc/plankton:1", "docker.io/deephdc/plankton:1"),
            ("quay.io/deephdc/plankton", "quay.io/deephdc/plankton"),
            ("localhost/plankton:1", "localhost/plankton:1"),
            ("node:5000/plankton", "node:5000/plankton"),
        ],
    )
    def test_has_its_registry_for_podman_which_refuses_to_guess_it(self, name: str, in_full: str) -> None:
        found = lines("Podman", links={"container": name})

        assert found == f"podman run --rm -p 127.0.0.1:5000:5000 {in_full}"

    def test_listens_on_loopback_where_there_is_no_network_of_its_own(self) -> None:
        found = lines("udocker", links={"container": "deephdc/plankton:1"})

        assert found == (
            "udocker run --name=plankton-v2 --pull=reuse deephdc/plankton:1 "
            "deepaas-run --listen-ip 127.0.0.1 --listen-port 5000"
        )

    def test_has_no_ways_when_the_card_names_none(self) -> None:
        names = [
            way.name for way in using.ways(card.Card(name="a", title="A"), None, origin="", source="", deployment="")
        ]

        assert names == ["Pelagos", "curl", "Python", "Slurm"]


class TestPelagos:
    def test_survives_spaces_and_quotes_in_the_name_of_a_folder(self) -> None:
        first = lines("Pelagos").splitlines()[0]

        assert shlex.split(first) == ["pelagos", "install", "/my modules/it's"]

    def test_fetches_the_file_of_the_example_from_the_hub(self) -> None:
        example = {"input": {"image": "examples/a b.png"}}

        found = lines("Pelagos", described(predict={"image": FILE}), examples=[example]).splitlines()

        assert found[1] == (
            "curl -H \"Authorization: Bearer $PELAGOS_TOKEN\" -fsS -o 'a b.png' "
            "http://127.0.0.1:8800/modules/plankton.v2/examples/1/image"
        )
        assert found[2] == "pelagos predict plankton.v2 'a b.png'"

    @pytest.mark.parametrize(
        ("name", "file"),
        [("x/.bashrc", "bashrc"), ("--config=x", "config=x"), ("../..", "example"), ("$(id)", "'$(id)'")],
    )
    def test_fetches_over_no_hidden_file_and_gives_no_options(self, name: str, file: str) -> None:
        found = lines("Pelagos", described(predict={"image": FILE}), examples=[{"input": {"image": name}}]).splitlines()

        assert f" -o {file} " in found[1]
        assert found[2].endswith(f" {file}")

    def test_asks_the_module_for_its_arguments_when_nobody_knows_them(self) -> None:
        assert lines("Pelagos").splitlines()[1:] == ["pelagos describe plankton.v2", "pelagos run plankton.v2"]


class TestSlurm:
    def test_asks_for_whole_cores_and_gpus_and_for_memory_of_its_own(self) -> None:
        need = {"cpus": 0.5, "gpus": 0.25, "memory_mb": 100.2}

        found = lines("Slurm", trainable=True, resources={"train": need})

        assert shlex.split(found)[:5] == [
            "sbatch",
            "--job-name=plankton.v2",
            "--cpus-per-task=1",
            "--mem=229M",
            "--gres=gpu:1",
        ]

    def test_asks_for_what_predictions_need_when_there_is_no_training(self) -> None:
        found = lines("Slurm", described(predict={}), trainable=True, resources={"predict": {"cpus": 2}})

        assert "--cpus-per-task=2" in found

    @pytest.mark.parametrize(
        ("description", "act"),
        [
            (None, "pelagos train plankton.v2 --dataset ./my-data"),
            (described(train={"dataset": FOLDER}), "pelagos train plankton.v2 --dataset ./my-data"),
            (described(train={"epochs": {"type": "integer", "default": 1}}), "pelagos train plankton.v2"),
            (
                described(train={"pictures": FOLDER, "rate": {"type": "number", "minimum": 0.5}}),
                "pelagos train plankton.v2 --pictures ./my-data --rate 0.5",
            ),
        ],
        ids=["unknown", "a data set", "nothing needed", "other arguments"],
    )
    def test_trains_with_what_the_training_needs(self, description: dict[str, Any] | None, act: str) -> None:
        found = lines("Slurm", description, trainable=True)

        assert shlex.split(found)[-1] == f"--wrap={act}"

    @pytest.mark.parametrize(
        ("description", "act"),
        [
            (None, "pelagos predict plankton.v2 ./inputs --output ./answers"),
            (
                described(predict={"image": FILE, "scale": {"type": "number"}}),
                "pelagos predict plankton.v2 --scale 1 ./inputs --output ./answers",
            ),
            (described(predict={"text": {"type": "string"}}), "pelagos predict plankton.v2 --text \"it's 'so so'\""),
        ],
        ids=["unknown", "files", "no files"],
    )
    def test_predicts_for_a_folder_if_the_module_takes_files(
        self, description: dict[str, Any] | None, act: str
    ) -> None:
        found = lines("Slurm", description, examples=[{"input": {"text": "it's 'so so'"}}])

        assert shlex.split(shlex.split(found)[-1].removeprefix("--wrap=")) == shlex.split(act)
