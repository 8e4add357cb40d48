"""Deployments as people have them: with real processes on this machine."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import threading
from pathlib import Path

import pytest

import databases
import waiting
from orchestrator import conftest
from orchestrator.bench import Bench
from orchestrator.world import Later, World, reached, serving
from pelagos import orchestrator
from pelagos.domain import errors, resources
from pelagos.module import processes

State = orchestrator.State


def told_to_end(address: orchestrator.Address) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(address.socket))
        connection.sendall(b"x")
        connection.recv(1)


def asked(address: orchestrator.Address, path: str, body: str | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(str(address.socket))
    headers = {"Content-Type": "application/json"}
    connection.request("GET" if body is None else "POST", path, body, headers)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


class TestCreate:
    def test_serves_a_module_below_its_own_path(self, world: World) -> None:
        known = world.deployments()

        made = known.create(orchestrator.Wish("Trivial", title="mine"), person="ada")

        up = reached(known, made.id, State.CREATE_COMPLETE)
        status, body = asked(known.target(made.id), f"/deployments/{made.id}/v2/models/trivial/")
        assert (status, b'"Trivial"' in body or b'"trivial"' in body) == (200, True)
        assert (up.wish.module, up.person, up.site, up.plan["site"], up.message) == (
            "trivial",
            "ada",
            "local",
            "local",
            "",
        )
        assert asked(known.target(made.id), "/v2/models/")[0] == 404

    def test_runs_a_command_with_its_socket_and_path(self, world: World) -> None:
        known = world.deployments()

        made = known.create(serving())

        reached(known, made.id, State.CREATE_COMPLETE)
        assert known.logs(made.id) == f"listening at /deployments/{made.id}\n".encode()

    def test_gives_a_command_a_port_where_it_names_one(self, world: World) -> None:
        known = world.deployments()
        command = ("python3", "-m", "http.server", "--bind", "127.0.0.1", "{port}")

        made = known.create(orchestrator.Wish("trivial", what=orchestrator.What.COMMAND, command=command))

        reached(known, made.id, State.CREATE_COMPLETE)
        target = known.target(made.id)
        connection = http.client.HTTPConnection(target.host, target.port, timeout=10)
        connection.request("GET", "/")
        assert connection.getresponse().status == 200
        connection.close()

    def test_predicts_with_the_trained_model_it_was_made_for(self, world: World) -> None:
        bench = Bench(world)
        model = bench.ended(bench.runs.train("counting", {"epochs": 3}))
        known = world.deployments(models=bench.models)

        made = known.create(orchestrator.Wish("counting", model=model.id))

        reached(known, made.id, State.CREATE_COMPLETE)
        path = f"/deployments/{made.id}/v2/models/counting/predict/"
        status, body = asked(known.target(made.id), path, json.dumps({"values": [1]}))
        assert (status, json.loads(body).get("predictions", body)) == (200, {"total": 4.0, "model": model.id})

    @databases.BOTH
    def test_is_one_deployment_for_one_key(self, world: World) -> None:
        ids = []

        def create() -> None:
            ids.append(world.deployments().create(serving(), key="once").id)

        threads = [threading.Thread(target=create) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(ids) == 8
        assert len(set(ids)) == 1

    def test_names_every_fault_of_a_wish(self, world: World) -> None:
        wish = orchestrator.Wish(
            "trivail",
            what=orchestrator.What.COMMAND,
            replicas=0,
            idle_stop_s=0.5,
            site="moon",
            model="nobody's",
            resources=resources.Resources(cpus=0, wall_time_s=60.0),
        )

        with pytest.raises(errors.InvalidInput) as refused:
            world.deployments(models=Bench(world).models).create(wish)

        fields = {"module", "command", "model", "replicas", "idle_stop_s", "site", "cpus", "wall_time_s"}
        assert set(refused.value.faults) == fields
        assert "trivial" in refused.value.faults["module"][0]

    def test_fails_with_the_reasons_when_no_site_can_take_it(self, world: World) -> None:
        known = world.deployments()

        made = known.create(serving(resources=resources.Resources(cpus=100_000)))

        failed = reached(known, made.id, State.CREATE_FAILED)
        assert "local: It asks for 100000 cores" in failed.message
        assert failed.plan["rows"][0]["possible"] is False

    def test_says_what_to_install_where_there_is_no_jupyterlab(self, world: World) -> None:
        known = world.deployments()

        made = known.create(orchestrator.Wish("trivial", what=orchestrator.What.JUPYTER))

        failed = reached(known, made.id, State.CREATE_FAILED)
        assert "JupyterLab is not installed. Install it: pelagos install --with jupyterlab " in failed.message

    def test_fails_with_the_last_words_of_what_cannot_start(self, world: World) -> None:
        later = Later()
        known = world.deployments(time_source=later)
        command = ("python3", "-c", "raise SystemExit('the weights are upside down')")
        made = known.create(orchestrator.Wish("trivial", what=orchestrator.What.COMMAND, command=command))

        def failed() -> bool:
            later.ahead_s += 1.0
            known.reconcile()
            return known.get(made.id).state is State.CREATE_FAILED

        waiting.until(failed, 60)

        assert known.get(made.id).message.endswith("the weights are upside down")
        assert "It was started 4 times" in known.get(made.id).message
        assert b"upside down" in known.logs(made.id)
        assert [move.message.split(":")[0] for move in known.history(made.id)[1:4]] == ["Replica 0 ended"] * 3


class TestWatch:
    def test_starts_a_dead_replica_again(self, world: World) -> None:
        known = world.deployments()
        made = known.create(serving("once"))
        up = reached(known, made.id, State.CREATE_COMPLETE)

        told_to_end(known.target(made.id))

        waiting.until(lambda: known.reconcile() or known.get(made.id).message)
        assert "Replica 0 ended" in known.get(made.id).message
        waiting.until(lambda: known.reconcile() or not known.get(made.id).message)
        again = known.get(made.id)
        assert (again.state, again.replicas[0].tries) == (State.CREATE_COMPLETE, 1)
        assert again.replicas[0].token != up.replicas[0].token
        assert world.starts(made.id) == 2

    def test_takes_turns_among_the_replicas(self, world: World) -> None:
        known = world.deployments()
        made = known.create(serving(replicas=2))

        reached(known, made.id, State.CREATE_COMPLETE)

        assert len({known.target(made.id).socket for _ in range(4)}) == 2


class TestUpdate:
    def test_brings_the_new_up_before_the_old_goes(self, world: World) -> None:
        known = world.deployments()
        made = known.create(serving())
        before = reached(known, made.id, State.CREATE_COMPLETE).replicas[0]

        known.update(made.id, serving("once"))

        targets = set()

        def updated() -> bool:
            targets.add(known.target(made.id).socket)
            known.reconcile()
            return known.get(made.id).state is State.UPDATE_COMPLETE

        waiting.until(updated, 60)
        after = reached(known, made.id, State.UPDATE_COMPLETE)
        assert [replica.generation for replica in after.replicas] == [2]
        assert targets <= {Path(before.address["socket"]), Path(after.replicas[0].address["socket"])}
        assert processes.of_run(before.token) == []

    def test_replaces_every_process_for_the_same_wish_again(self, world: World) -> None:
        known = world.deployments()
        made = known.create(serving())
        before = reached(known, made.id, State.CREATE_COMPLETE).replicas[0]

        known.update(made.id, serving(), person="bob")

        after = reached(known, made.id, State.UPDATE_COMPLETE)
        assert [replica.generation for replica in after.replicas] == [2]
        assert processes.of_run(before.token) == []

    def test_keeps_the_old_where_the_new_does_not_come_up(self, world: World) -> None:
        later = Later()
        known = world.deployments(time_source=later)
        made = known.create(serving(title="good"))
        before = reached(known, made.id, State.CREATE_COMPLETE).replicas[0]
        bad = orchestrator.Wish("trivial", what=orchestrator.What.COMMAND, command=("python3", "-c", "1/0"))

        known.update(made.id, bad)

        def failed() -> bool:
            later.ahead_s += 1.0
            known.reconcile()
            return known.get(made.id).state is State.UPDATE_FAILED

        waiting.until(failed, 60)
        after = reached(known, made.id, State.UPDATE_FAILED)
        assert [replica.token for replica in after.replicas] == [before.token]
        assert after.wish.title == "good"
        assert "ZeroDivisionError" in after.message
        assert after.message.endswith("What ran before goes on.")
        assert known.target(made.id).socket == Path(before.address["socket"])

    def test_replaces_nothing_for_a_title_or_more_replicas(self, world: World) -> None:
        known = world.deployments()
        made = known.create(serving())
        before = reached(known, made.id, State.CREATE_COMPLETE).replicas[0]

        known.update(made.id, serving(title="new", replicas=2))

        after = reached(known, made.id, State.UPDATE_COMPLETE)
        assert (after.wish.title, len(after.replicas)) == ("new", 2)
        assert before.token in {replica.token for replica in after.replicas}
        assert world.starts(made.id) == 2


class TestStop:
    def test_ends_every_process_and_keeps_the_record(self, world: World) -> None:
        known = world.deployments()
        made = known.create(orchestrator.Wish("trivial"))
        token = reached(known, made.id, State.CREATE_COMPLETE).replicas[0].token

        known.stop(made.id, person="bob")
        known.stop(made.id)

        stopped = reached(known, made.id, State.STOP_COMPLETE)
        assert (stopped.replicas, processes.of_run(token)) == ((), [])
        assert known.history(made.id)[-2].person == "bob"
        assert b"trivial: unix:" in known.logs(made.id)
        with pytest.raises(errors.Unavailable):
            known.target(made.id)

    def test_may_be_followed_by_a_start(self, world: World) -> None:
        known = world.deployments()
        made = known.create(serving())
        reached(known, made.id, State.CREATE_COMPLETE)
        known.stop(made.id)

        known.start(made.id)

        up = reached(known, made.id, State.UPDATE_COMPLETE)
        assert len(up.replicas) == 1
        assert known.target(made.id).socket is not None

    def test_comes_by_itself_when_nobody_uses_it_and_a_request_wakes_it(self, world: World) -> None:
        later = Later()
        known = world.deployments(time_source=later)
        made = known.create(serving(idle_stop_s=60.0))
        reached(known, made.id, State.CREATE_COMPLETE)
        later.ahead_s = 50.0
        known.target(made.id)
        later.ahead_s = 100.0
        known.reconcile()
        used = known.get(made.id).state

        later.ahead_s = 120.0
        stopped = reached(known, made.id, State.STOP_COMPLETE)
        with pytest.raises(errors.Unavailable, match="was idle"):
            known.target(made.id)

        assert used is State.CREATE_COMPLETE
        assert (stopped.idle, stopped.message) == (True, "Nobody used it for 60 s.")
        reached(known, made.id, State.UPDATE_COMPLETE)
        assert known.target(made.id).socket is not None

    def test_does_not_come_while_it_is_told_to_be_in_use_however_short_the_wish(self, world: World) -> None:
        later = Later()
        known = world.deployments(time_source=later)
        made = known.create(serving(idle_stop_s=1.0))
        reached(known, made.id, State.CREATE_COMPLETE)

        states = set()
        for _ in range(20):
            later.ahead_s += 0.5
            known.used(made.id)
            known.reconcile()
            states.add(known.get(made.id).state)

        assert states == {State.CREATE_COMPLETE}

    def test_stays_where_the_wish_says_so(self, world: World) -> None:
        later = Later()
        known = world.deployments(time_source=later)
        made = known.create(serving(idle_stop_s=1.0, wake=False))
        reached(known, made.id, State.CREATE_COMPLETE)
        later.ahead_s = 10.0
        reached(known, made.id, State.STOP_COMPLETE)

        with pytest.raises(errors.Unavailable, match="STOP_COMPLETE"):
            known.target(made.id)

        assert known.get(made.id).state is State.STOP_COMPLETE


class TestDelete:
    def test_removes_processes_and_files_and_keeps_the_history(self, world: World) -> None:
        known = world.deployments()
        made = known.create(serving())
        token = reached(known, made.id, State.CREATE_COMPLETE).replicas[0].token

        known.delete(made.id)
        known.delete(made.id)

        reached(known, made.id, State.DELETE_COMPLETE)
        assert processes.of_run(token) == []
        assert not (world.state / "deployments" / made.id).exists()
        assert [move.new for move in known.history(made.id)][-1] is State.DELETE_COMPLETE
        assert known.find() == ()
        assert known.count(states=(State.DELETE_COMPLETE,)) == 1
        with pytest.raises(errors.NotFound):
            known.target(made.id)

    def test_of_one_that_is_being_deleted_nothing_else_can_be_had(self, world: World) -> None:
        known = world.deployments()
        made = known.create(serving())
        known.delete(made.id)

        for act in (known.stop, known.start, lambda one: known.update(one, serving())):
            with pytest.raises(errors.Conflict):
                act(made.id)


@databases.BOTH
class TestFind:
    def test_looks_by_text_state_and_module(self, world: World) -> None:
        known = world.deployments()
        first = known.create(serving(title="Plants of Europe"))
        second = known.create(orchestrator.Wish("counting"))

        assert known.find(text="europe") == (first,)
        assert known.find(module="counting") == (second,)
        assert known.find(states=(State.STOP_COMPLETE,)) == ()
        assert known.find(limit=1, offset=1) == (first,)
        assert known.count() == 2


@databases.BOTH
class TestHubs:
    def test_that_are_killed_leave_what_they_started_to_the_next(self, world: World, start_hub: conftest.Start) -> None:
        known = world.deployments()
        made = known.create(serving("once"))
        hub = start_hub()
        waiting.until(lambda: known.get(made.id).state is State.CREATE_COMPLETE, 60)

        os.kill(hub.pid, signal.SIGKILL)
        hub.wait()
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(known.target(made.id).socket))
        start_hub()
        told_to_end(known.target(made.id))

        waiting.until(lambda: world.starts(made.id) == 2, 60)
        waiting.until(lambda: not known.get(made.id).message, 60)
        assert known.get(made.id).replicas[0].state is orchestrator.Health.HEALTHY

    def test_that_are_two_start_nothing_twice(self, world: World, start_hub: conftest.Start) -> None:
        known = world.deployments()
        start_hub()
        start_hub()

        made = [known.create(serving(replicas=2)) for _ in range(4)]

        for one in made:
            waiting.until(lambda one=one: known.get(one.id).state is State.CREATE_COMPLETE, 60)
            assert world.starts(one.id) == 2
            assert len(known.get(one.id).replicas) == 2
        for one in made:
            known.delete(one.id)
        for one in made:
            waiting.until(lambda one=one: known.get(one.id).state is State.DELETE_COMPLETE, 60)
