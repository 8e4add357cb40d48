"""Drivers: one file, one class, one entry point each. They do not know one another."""
