import pkg_resources
import setuptools

pkg_resources.require("setuptools")
setuptools.setup()
