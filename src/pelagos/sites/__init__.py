"""Places where jobs and deployments run, and the drivers that know how to talk to them."""
