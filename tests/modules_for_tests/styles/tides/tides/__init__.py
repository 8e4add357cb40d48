"""Forecasts tides."""
