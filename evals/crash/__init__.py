"""Breaks runs at every point, resumes them in a new process, and compares with the undisturbed run.

Nothing is imported here: what runs in a broken process is loaded once, before it is forked.
"""
