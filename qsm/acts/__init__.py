"""What several steps and ways do alike."""
