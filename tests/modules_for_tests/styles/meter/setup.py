from setuptools import find_packages, setup

setup(
    name="meter",
    version="2.0",
    packages=find_packages(),
    include_package_data=True,
    entry_points={"deepaas.v2.model": ["meter=meter.api:Meter"]},
)
