"""Debate against a majority vote of the same cost."""
