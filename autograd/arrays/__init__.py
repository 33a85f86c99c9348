"""The record in vectors and matrices: written, derived, drawn and marked."""
