"""Widgets for notebooks: what one clicks. Imported only where one is asked for."""
