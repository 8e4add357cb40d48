"""A module of many faces: each file is one entry point and shows one side of the DEEPaaS V2 contract."""
