"""Derivatives measured from forward evaluations, each with its error bar."""
