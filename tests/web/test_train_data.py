from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pelagos.domain import errors
from pelagos.runtime import calls
from pelagos.web import train_data

FILE = calls.Upload("birds.zip", size=1, data=b"1")


def folder(name: str) -> dict[str, Any]:
    return {"name": name, "schema": {"type": "string", "format": "folder"}}


class TestTheArgument:
    def test_is_the_folder_called_so_or_the_first(self) -> None:
        number = {"name": "epochs", "schema": {"type": "integer"}}

        assert train_data.argument([number, folder("cache"), folder("dataset")]) == folder("dataset")
        assert train_data.argument([number, folder("pictures")]) == folder("pictures")
        assert train_data.argument([number]) is None


class TestReading:
    def test_takes_the_source_that_is_chosen(self) -> None:
        posted = [("_data", "url"), ("_url", " https://x/y.zip "), ("_folder", "/old"), ("_upload", FILE)]

        assert train_data.read(posted).source == "url"
        assert train_data.read(posted).url == "https://x/y.zip"

    @pytest.mark.parametrize(
        ("filled", "source"),
        [
            (("_upload", FILE), "upload"),
            (("_url", "x"), "url"),
            (("_folder", "/x"), "folder"),
            (("_dataset", "x"), "kept"),
        ],
    )
    def test_takes_the_one_that_is_filled_in_when_none_is(self, filled: tuple[str, Any], source: str) -> None:
        assert train_data.read([filled]).source == source

    def test_believes_somebody_who_wants_none(self) -> None:
        assert train_data.read([("_data", ""), ("_folder", "/old")]).source == ""


class TestKeeping:
    def test_gives_the_reason_when_it_fails(self) -> None:
        async def keep() -> None:
            with pytest.raises(errors.InvalidInput):
                await train_data.keep(None, train_data.Chosen("upload"), None)  # type: ignore[arg-type]

        asyncio.run(keep())
