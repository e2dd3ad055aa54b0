"""Screens of texts that come from outside, without a model."""
