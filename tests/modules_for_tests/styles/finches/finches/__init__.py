"""Tells finches apart."""
