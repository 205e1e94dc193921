"""The `kogine` command."""
