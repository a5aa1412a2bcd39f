"""The brand configuration that is in force, read from its topic."""
