"""Keys open one session, sessions end, the token stays and stays private."""

from __future__ import annotations

import concurrent.futures
import stat
from pathlib import Path

import pytest
import sqlalchemy as sa

import databases
import pelagos.db
from identity.conftest import Make
from pelagos import identity
from pelagos.domain import clock, errors

DAY = 24 * 3600


@databases.BOTH
class TestLoginKey:
    def test_opens_a_session_of_the_local_person(self, make: Make) -> None:
        people = make()

        person = people.by_session(people.redeem(people.new_login_key()))

        assert person is not None
        assert (person.name, person.roles, person.via) == ("local", frozenset(identity.Role), "session")

    def test_opens_one_session_only(self, make: Make) -> None:
        people = make()
        key = people.new_login_key()
        people.redeem(key)

        with pytest.raises(errors.Unauthenticated):
            people.redeem(key)

    def test_opens_one_session_of_many_tried_at_once(self, make: Make) -> None:
        people = make()
        key = people.new_login_key()

        def redeemed(_: int) -> bool:
            try:
                people.redeem(key)
            except errors.Unauthenticated:
                return False
            return True

        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            assert sum(threads.map(redeemed, range(8))) == 1

    @pytest.mark.parametrize(("after_s", "opens"), [(59, True), (60, False)])
    def test_lives_for_a_minute(self, make: Make, time_: clock.FixedClock, after_s: float, opens: bool) -> None:
        people = make()
        key = people.new_login_key()
        time_.move(after_s)

        if opens:
            assert people.redeem(key)
        else:
            with pytest.raises(errors.Unauthenticated, match="older than a minute"):
                people.redeem(key)

    @pytest.mark.parametrize("wrong", ["", "x", "k" * 100_000, "ü\udcff"])
    def test_is_not_guessed(self, make: Make, wrong: str) -> None:
        people = make()
        people.new_login_key()

        with pytest.raises(errors.Unauthenticated):
            people.redeem(wrong)

    def test_made_by_another_process_counts(self, make: Make) -> None:
        key = make().new_login_key()

        assert make().redeem(key)

    def test_and_session_are_not_in_the_database(self, make: Make, database: pelagos.db.Database) -> None:
        people = make()
        waiting, session = people.new_login_key(), people.redeem(people.new_login_key())

        with database.read() as reading:
            rows = [
                *reading.execute(sa.text("SELECT * FROM login_keys")),
                *reading.execute(sa.text("SELECT * FROM sessions")),
            ]

        assert len(rows) == 2
        assert waiting not in str(rows)
        assert session not in str(rows)


@databases.BOTH
class TestSession:
    def test_outlives_the_hub(self, make: Make) -> None:
        people = make()
        session = people.redeem(people.new_login_key())

        assert make().by_session(session) is not None

    def test_ends_after_thirty_days_without_use(self, make: Make, time_: clock.FixedClock) -> None:
        people = make()
        session = people.redeem(people.new_login_key())

        time_.move(30 * DAY)

        assert people.by_session(session) is None

    def test_goes_on_while_it_is_used(self, make: Make, time_: clock.FixedClock) -> None:
        people = make()
        session = people.redeem(people.new_login_key())

        for _ in range(3):
            time_.move(29 * DAY)
            assert people.by_session(session) is not None

    def test_ends_when_its_person_says_so(self, make: Make) -> None:
        people = make()
        session, other = (people.redeem(people.new_login_key()) for _ in range(2))

        people.end(session)
        people.end(session)

        assert people.by_session(session) is None
        assert people.by_session(other) is not None

    def test_is_listed_with_its_browser_and_when_it_was_seen(self, make: Make, time_: clock.FixedClock) -> None:
        people = make()
        first = people.redeem(people.new_login_key(), "Mozilla/5.0 (X11; Linux) Firefox/130.0")
        time_.move(600)
        people.redeem(people.new_login_key())
        person = people.by_session(first)

        listed = people.sessions()

        assert person is not None
        assert [each.agent for each in listed] == ["unknown", "Firefox on Linux"]
        assert listed[1].id == person.session
        assert (listed[1].used - listed[1].created).total_seconds() == 600
        assert listed[1].id not in first

    def test_is_ended_by_its_id_alone(self, make: Make) -> None:
        people = make()
        session, other = (people.redeem(people.new_login_key()) for _ in range(2))
        person = people.by_session(session)
        assert person is not None

        people.end_session(person.session)
        people.end_session(person.session)

        assert people.by_session(session) is None
        assert people.by_session(other) is not None

    @pytest.mark.parametrize("wrong", ["", "%", "a", "_" * 16])
    def test_is_not_ended_by_a_part_of_an_id(self, make: Make, wrong: str) -> None:
        people = make()
        session = people.redeem(people.new_login_key())

        with pytest.raises(errors.NotFound):
            people.end_session(wrong)

        assert people.by_session(session) is not None

    def test_ends_with_all_others_but_one(self, make: Make) -> None:
        people = make()
        kept, *others = (people.redeem(people.new_login_key()) for _ in range(3))
        person = people.by_session(kept)
        assert person is not None

        people.end_others(person.session)
        left = [people.by_session(each) is not None for each in (kept, *others)]
        people.end_others("")

        assert left == [True, False, False]
        assert people.sessions() == ()

    @pytest.mark.parametrize("wrong", ["", "x", "s" * 100_000])
    def test_is_not_guessed(self, make: Make, wrong: str) -> None:
        people = make()
        people.redeem(people.new_login_key())

        assert people.by_session(wrong) is None


class TestToken:
    def test_is_made_at_the_first_start_and_kept(self, make: Make, tmp_path: Path) -> None:
        file = tmp_path / "state" / "token"
        make()
        token = file.read_text().strip()

        people = make()

        assert file.read_text().strip() == token
        assert people.by_token(token) == identity.Person("local", frozenset(identity.Role), "token")

    def test_is_its_owners_alone(self, make: Make, tmp_path: Path) -> None:
        make()

        (file,) = (tmp_path / "state").iterdir()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600

    @pytest.mark.parametrize("wrong", ["", "x", "t" * 43, "ü\udcff"])
    def test_is_compared_whole(self, make: Make, wrong: str) -> None:
        assert make().by_token(wrong) is None

    def test_that_others_can_read_is_refused(self, make: Make, tmp_path: Path) -> None:
        make()
        (tmp_path / "state" / "token").chmod(0o640)

        with pytest.raises(errors.Conflict, match="not its owner's alone") as caught:
            make()

        assert "Delete it" in caught.value.hint

    def test_that_is_empty_is_refused(self, make: Make, tmp_path: Path) -> None:
        make()
        (tmp_path / "state" / "token").write_text("\n")

        with pytest.raises(errors.Conflict, match="holds no token"):
            make()

    def test_is_the_same_for_all_that_start_at_once(self, make: Make, tmp_path: Path) -> None:
        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            people = list(threads.map(lambda _: make(), range(8)))

        token = (tmp_path / "state" / "token").read_text().strip()
        assert all(each.by_token(token) for each in people)
