"""Runs the three services as processes of this machine, indexes a codebase and answers a first question.

The modules that start processes import only the standard library, so that starting waits for no import.
"""
