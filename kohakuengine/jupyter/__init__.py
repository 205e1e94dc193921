"""Notebook magics and displays."""
