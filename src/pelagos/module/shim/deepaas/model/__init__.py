"""See `deepaas.model.v2`."""
