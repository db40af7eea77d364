"""Tolerance, comparison, verdict."""
