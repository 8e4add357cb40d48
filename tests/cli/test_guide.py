"""The guides have a heading for everything there is, and for nothing else."""

import re
from pathlib import Path

from pelagos import config
from pelagos.cli import dispatch

GUIDE = Path(__file__).parents[2] / "docs" / "guide"


def headings(page: str, level: int) -> list[str]:
    return re.findall(rf"^{'#' * level} (.+)$", (GUIDE / page).read_text(), re.MULTILINE)


class TestGuide:
    def test_has_a_heading_for_each_command(self) -> None:
        assert sorted(headings("command-line.md", 2)) == sorted(dispatch.COMMANDS)

    def test_has_a_heading_for_each_setting(self) -> None:
        assert headings("settings.md", 3) == [each.name for each in config.names()]

    def test_says_of_each_setting_what_the_program_says(self) -> None:
        page = (GUIDE / "settings.md").read_text()

        for each in config.names():
            assert f"### {each.name}\n\n{each.help}\n\n`{each.variable}`, default " in page
