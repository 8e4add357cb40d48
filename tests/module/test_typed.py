"""Arguments get the types of their signature."""

import datetime
import enum
from pathlib import Path
from typing import Annotated, Any

from pelagos.module import Arg, Folder, typed


class Colour(enum.Enum):
    RED = "red"


def function(
    day: datetime.date,
    hour: datetime.datetime | None = None,
    colours: list[Colour] | None = None,
    folder: Annotated[Folder | None, Arg("where")] = None,
    number: int | str = 1,
    free: Any = None,
) -> Colour:
    raise NotImplementedError


class TestMake:
    def test_makes_dates_enumerations_and_folders(self) -> None:
        sent = {"day": "2026-01-31", "hour": "2026-01-31T12:00:00", "colours": ["red"], "folder": "/tmp"}

        made = typed.make(sent, typed.makers(function))

        assert made["day"] == datetime.date(2026, 1, 31)
        assert made["hour"] == datetime.datetime(2026, 1, 31, 12)
        assert made["colours"] == [Colour.RED]
        assert made["folder"].path == Path("/tmp")

    def test_leaves_none_and_what_has_its_type_already(self) -> None:
        folder, day = Folder("."), datetime.date(2026, 1, 31)

        made = typed.make({"day": day, "hour": None, "folder": folder}, typed.makers(function))

        assert made == {"day": day, "hour": None, "folder": folder}

    def test_touches_nothing_else(self) -> None:
        assert set(typed.makers(function)) == {"day", "hour", "colours", "folder"}
