"""In which order runs happen."""
