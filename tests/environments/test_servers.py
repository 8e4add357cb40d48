"""The names of modules that another server has; asking a real one is shown in `tests/deepaas/test_remote.py`."""

from pelagos.environments import servers
from pelagos.environments.sources import Source, SourceKind

SERVER = Source(SourceKind.SERVER, "https://gpu-node.example.org:5000/base")
MODULES = [("remote", "flowers", "address"), ("remote", "birds", "address")]


class TestRenamed:
    def test_keeps_names_that_are_free(self) -> None:
        assert servers.renamed(MODULES, set(), SERVER) == tuple(MODULES)

    def test_adds_the_server_to_names_that_are_taken(self) -> None:
        (_, flowers, _), (_, birds, _) = servers.renamed(MODULES, {"flowers", "else"}, SERVER)

        assert (flowers, birds) == ("flowers-at-gpu-node.example.org-5000-base", "birds")
