from pathlib import Path

import pytest

from pelagos import config
from pelagos.domain import errors


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"PELAGOS_STATE_DIR": str(tmp_path)}


def write(folder: Path, text: str) -> Path:
    (folder / "pelagos.toml").write_text(text)
    return folder / "pelagos.toml"


class TestRead:
    def test_gives_every_setting_a_value_and_an_origin(self, environ: dict[str, str]) -> None:
        read = config.read(environ=environ)

        assert set(read.origins) == {each.name for each in config.names()}
        assert read.value("runtime.listen_port") == 5000
        assert read.origins["runtime.listen_port"] == "default"

    def test_prefers_flags_to_variables_to_the_file(self, environ: dict[str, str], tmp_path: Path) -> None:
        file = write(tmp_path, "[runtime]\nlisten_port = 1\nworkers = 1\nqueue_size = 1\n")
        environ |= {"PELAGOS_RUNTIME_LISTEN_PORT": "2", "PELAGOS_RUNTIME_WORKERS": "2"}

        read = config.read(environ=environ, flags={"runtime.listen_port": "3", "runtime.workers": None})

        runtime = read.settings.runtime
        assert (runtime.listen_port, runtime.workers, runtime.queue_size) == (3, 2, 1)
        assert read.origins["runtime.listen_port"] == "--listen-port"
        assert read.origins["runtime.workers"] == "PELAGOS_RUNTIME_WORKERS"
        assert read.origins["runtime.queue_size"] == f"{file}: runtime.queue_size"

    @pytest.mark.parametrize(("word", "value"), [("true", True), ("0", False), ("No", False), ("on", True)])
    def test_understands_words_for_yes_and_no(self, environ: dict[str, str], word: str, value: bool) -> None:
        read = config.read(environ={**environ, "PELAGOS_RUNTIME_WARM": word})

        assert read.settings.runtime.warm is value

    def test_takes_another_file_when_told(self, environ: dict[str, str], tmp_path: Path) -> None:
        (tmp_path / "other.toml").write_text('state_dir = "/somewhere"\n[jobs]\nslots = 7\n')

        read = config.read(environ={"HOME": str(tmp_path)}, file=tmp_path / "other.toml")

        assert read.settings.state_dir == Path("/somewhere")
        assert read.settings.jobs.slots == 7

    def test_takes_settings_above_all_branches(self, environ: dict[str, str], tmp_path: Path) -> None:
        write(tmp_path, 'database = "postgresql://hub@db/pelagos"\n')

        read = config.read(environ=environ)

        assert read.settings.database_url == "postgresql://hub@db/pelagos"
        assert read.shown("database") == "(set)"
        assert config.Settings(state_dir=tmp_path).database_url == f"sqlite:///{tmp_path}/pelagos.sqlite"

    def test_puts_the_cache_into_the_state_folder(self, environ: dict[str, str], tmp_path: Path) -> None:
        assert config.read(environ=environ).settings.jobs.cache_dir == tmp_path / "cache"

    @pytest.mark.parametrize(
        ("variable", "value", "expected"),
        [
            ("PELAGOS_RUNTIME_LISTEN_PORT", "many", "'many' is not valid; expected a whole number"),
            ("PELAGOS_RUNTIME_LISTEN_PORT", "70000", "'70000' is not valid; expected at least 0 and at most 65535"),
            ("PELAGOS_RUNTIME_IDLE_AFTER_S", "-1", "'-1' is not valid; expected at least 0 s"),
            ("PELAGOS_RUNTIME_IDLE_AFTER_S", "nan", "'nan' is not valid; expected a number"),
            ("PELAGOS_RUNTIME_WARM", "maybe", "'maybe' is not valid; expected true or false"),
        ],
    )
    def test_names_the_variable_the_value_and_what_was_expected(
        self, environ: dict[str, str], variable: str, value: str, expected: str
    ) -> None:
        with pytest.raises(errors.InvalidInput) as caught:
            config.read(environ={**environ, variable: value})

        assert caught.value.faults == {variable: [expected]}

    def test_collects_all_faults(self, environ: dict[str, str], tmp_path: Path) -> None:
        file = write(tmp_path, "[runtime]\nlisten_prt = 1\nlisten_ip = 5\n[jobs]\nslots = 1.5\n")

        with pytest.raises(errors.InvalidInput) as caught:
            config.read(environ={**environ, "PELAGOS_RUNTIME_WORKERS": "x"})

        assert caught.value.faults == {
            f"{file}: runtime.listen_prt": ["there is no such setting; did you mean runtime.listen_port?"],
            f"{file}: runtime.listen_ip": ["5 is not valid; expected text"],
            f"{file}: jobs.slots": ["1.5 is not valid; expected a whole number"],
            "PELAGOS_RUNTIME_WORKERS": ["'x' is not valid; expected a whole number"],
        }

    def test_refuses_a_file_that_is_no_toml(self, environ: dict[str, str], tmp_path: Path) -> None:
        file = write(tmp_path, "[DEFAULT\n")

        with pytest.raises(errors.InvalidInput, match="not a readable TOML file") as caught:
            config.read(environ=environ)

        assert list(caught.value.faults) == [str(file)]

    def test_misses_a_file_only_when_it_was_named(self, environ: dict[str, str], tmp_path: Path) -> None:
        config.read(environ=environ)

        with pytest.raises(errors.InvalidInput, match="there is no such file"):
            config.read(environ=environ, file=tmp_path / "nowhere.toml")


class TestNames:
    def test_all_have_help(self) -> None:
        assert [each.name for each in config.names() if not each.help.endswith(".")] == []

    def test_give_distinct_variables(self) -> None:
        variables = [each.variable for each in config.names()]

        assert len(set(variables)) == len(variables)
