"""Paints pictures over."""
