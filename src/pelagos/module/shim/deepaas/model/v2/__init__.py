"""See `deepaas.model.v2.wrapper` and `deepaas.model.v2.base`."""
