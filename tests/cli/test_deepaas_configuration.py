"""Tests of pelagos.cli.deepaas_configuration; what it reads was seen with DEEPaaS 2.6.0 and its oslo.config."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from pelagos.cli import deepaas_configuration
from pelagos.domain import errors


def said(*words: str, home: Path | None = None, **variables: str) -> dict[str, str]:
    parser = argparse.ArgumentParser()
    deepaas_configuration.add_options(parser)
    environ = {**variables, **({} if home is None else {"HOME": str(home)})}
    return deepaas_configuration.said(parser.parse_args(words), "deepaas-run", environ)


def write(path: Path, **options: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("[DEFAULT]\n" + "".join(f"{name} = {value}\n" for name, value in options.items()))
    return str(path)


class TestDefaultFiles:
    def test_are_looked_for_where_oslo_does(self) -> None:
        found = deepaas_configuration.folders({"HOME": "/home/rose"})

        assert [str(path) for path in found] == ["/home/rose/.deepaas", "/home/rose", "/etc/deepaas", "/etc"]

    def test_are_one_of_each_name_and_that_of_the_program_counts_more(self, tmp_path: Path) -> None:
        write(tmp_path / ".deepaas" / "deepaas.conf", listen_port="7001", workers="2")
        write(tmp_path / "deepaas.conf", listen_ip="4.3.2.1")
        write(tmp_path / "deepaas-run.conf", workers="7")

        assert said(home=tmp_path) == {"listen-port": "7001", "workers": "7"}

    def test_are_in_folders_too(self, tmp_path: Path) -> None:
        write(tmp_path / ".deepaas" / "deepaas.conf", workers="2", listen_port="1")
        write(tmp_path / ".deepaas" / "deepaas.conf.d" / "b.conf", workers="4")
        write(tmp_path / ".deepaas" / "deepaas.conf.d" / "a.conf", workers="3")
        write(tmp_path / ".deepaas" / "deepaas.conf.d" / "c.txt", workers="5")

        assert said(home=tmp_path) == {"workers": "4", "listen-port": "1"}

    def test_give_way_to_those_that_are_named(self, tmp_path: Path) -> None:
        write(tmp_path / "deepaas.conf", workers="2")
        write(tmp_path / "deepaas.conf.d" / "a.conf", listen_ip="1.2.3.4")
        file = write(tmp_path / "own.conf", listen_port="7000")
        folder = Path(write(tmp_path / "own" / "a.conf", listen_port="7100")).parent

        assert said("--config-file", file, home=tmp_path) == {"listen-port": "7000", "listen-ip": "1.2.3.4"}
        assert said("--config-dir", str(folder), home=tmp_path) == {"workers": "2", "listen-port": "7100"}


class TestFiles:
    def test_count_in_the_order_of_the_words(self, tmp_path: Path) -> None:
        file = write(tmp_path / "own.conf", workers="1")
        folder = str(Path(write(tmp_path / "own" / "a.conf", workers="2")).parent)

        assert said("--config-file", file, "--config-dir", folder) == {"workers": "2"}
        assert said("--config-dir", folder, f"--config-file={file}") == {"workers": "1"}

    def test_may_quote_values(self, tmp_path: Path) -> None:
        file = write(tmp_path / "own.conf", listen_port='"7000"', model_name="'a b'", base_path="/'x'")

        assert said("--config-file", file) == {"listen-port": "7000", "model-name": "a b", "base-path": "/'x'"}

    def test_that_are_no_ini_are_named(self, tmp_path: Path) -> None:
        (tmp_path / "own.conf").write_text("workers = 1")

        with pytest.raises(errors.InvalidInput, match=r"own\.conf.*no section"):
            said("--config-file", str(tmp_path / "own.conf"))

    def test_in_no_folder_are_named(self, tmp_path: Path) -> None:
        with pytest.raises(errors.InvalidInput, match="there is no folder 'nowhere'"):
            said("--config-dir", "nowhere")


class TestVariables:
    def test_count_more_than_files_and_less_than_words(self, tmp_path: Path) -> None:
        file = write(tmp_path / "own.conf", log_file="of the file", workers="1")

        found = said("--config-file", file, OS_DEFAULT__LOG_FILE="of the variable", OS_OTHER__WORKERS="2")

        assert found == {"log-file": "of the variable", "workers": "1"}
        assert said("--log-file", "of the words", OS_DEFAULT__LOG_FILE="x") == {"log-file": "of the words"}


class TestOpenLog:
    def test_names_a_file_that_cannot_be_written(self) -> None:
        with pytest.raises(errors.InvalidInput, match=r"'/nowhere/a\.log' cannot be written: No such file"):
            deepaas_configuration.open_log({"log-file": "a.log", "log-dir": "/nowhere"}, "deepaas-run")

    def test_names_the_file_after_the_program_in_a_folder(self) -> None:
        with pytest.raises(errors.InvalidInput, match=r"'/nowhere/deepaas-run\.log'"):
            deepaas_configuration.open_log({"log-dir": "/nowhere"}, "deepaas-run")
