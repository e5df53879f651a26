"""Measures how well search finds what is known to be right."""
