"""Stand-ins for packages that a DEEPaaS module imports without declaring them."""
