from __future__ import annotations

import pytest

from pelagos.domain import errors, resources
from pelagos.web import run_needs
from web import training
from web.visits import Visitor


class TestReading:
    def test_gives_what_was_typed_and_what_it_means(self) -> None:
        needs = run_needs.read({"_cpus": " 4 ", "_gpus": "1", "_memory_gb": "1,5", "_hours": "0.5", "_site": "local"})

        assert needs.resources == resources.Resources(4, 1, 1536, 1800)
        assert (needs.site, needs.faults) == ("local", {})

    def test_of_nothing_is_as_much_as_the_site_gives(self) -> None:
        assert run_needs.read({}).resources == resources.Resources()

    @pytest.mark.parametrize("text", ["0", "-1", "1.5", "many", "²", "9999999", "1e3"])
    def test_finds_what_is_no_number_of_cores(self, text: str) -> None:
        needs = run_needs.read({"_cpus": text})

        assert text in needs.faults["_cpus"]
        with pytest.raises(errors.InvalidInput):
            needs.refuse()

    @pytest.mark.parametrize("text", ["0", "-1", "much", "inf", "nan", "1e9"])
    def test_finds_what_is_no_amount(self, text: str) -> None:
        assert set(run_needs.read({"_memory_gb": text, "_hours": text}).faults) == {"_memory_gb", "_hours"}

    def test_takes_back_what_it_wrote(self) -> None:
        known = resources.Resources(2, 1, 512, 5400)

        assert run_needs.read(run_needs.of(known, "local").values) == run_needs.of(known, "local")

    def test_puts_faults_of_others_at_their_fields(self) -> None:
        needs = run_needs.read({}).with_faults({"cpus": ["too many"], "epochs": ["not mine"]})

        assert needs.faults == {"_cpus": "too many"}


class TestTheOffers:
    def test_say_why_a_site_cannot(self, visitor: Visitor) -> None:
        page = visitor.get("/plan?for=run&_gpus=999").text

        assert "No site can take it now." in page
        assert 'value="local" disabled' in page

    def test_keep_the_chosen_site_though_it_cannot(self, visitor: Visitor) -> None:
        assert 'value="local" checked>' in visitor.get("/plan?for=service&_gpus=999&_site=local").text

    def test_wait_for_resources_that_can_be_read(self, visitor: Visitor) -> None:
        page = visitor.get(f"/plan?for=run&_cpus={training.HOSTILE}&_site={training.HOSTILE}").text

        assert "can be read" in page
        assert "<img src=x" not in page
