from pathlib import Path

from cli.conftest import Pelagos


class TestDatasets:
    def test_are_uploaded_listed_and_deleted(self, hub_command: Pelagos, tmp_path: Path) -> None:
        (tmp_path / "one.txt").write_text("1")

        made = hub_command("datasets", "upload", "typed", str(tmp_path))
        listed = hub_command("datasets", "list", "--json").json
        deleted = hub_command("datasets", "delete", "typed")

        assert "typed: 1 files" in made.out
        assert "typed" in {each["name"] for each in listed}
        assert deleted.code == 0
