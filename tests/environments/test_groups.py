from pelagos.environments import groups
from pelagos.module import loading


class TestGroups:
    def test_are_those_that_a_worker_looks_for(self) -> None:
        assert groups.KINDS == {loading.NATIVE_GROUP: "native", loading.DEEPAAS_GROUP: "deepaas"}
        assert groups.NATIVE == loading.NATIVE_GROUP
