"""Every driver that ships passes the suite that ships."""

from __future__ import annotations

from pathlib import Path

from pelagos.sites import conformance, driver, fake
from pelagos.sites.drivers import local


class TestLocalDriver(conformance.SiteConformance):
    def make(self, folder: Path) -> driver.SiteDriver:
        return local.LocalDriver()


class TestFakeDriver(conformance.SiteConformance):
    def make(self, folder: Path) -> driver.SiteDriver:
        return fake.FakeDriver(folder)
