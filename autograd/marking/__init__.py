"""A derivation by hand, read and marked."""
