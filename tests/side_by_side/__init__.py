"""Ask a real DEEPaaS and Pelagos the same questions; see `checks` and `servers`."""
