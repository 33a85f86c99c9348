"""Replaying a recorded graph on other numbers: Program, and the engines that run it."""
