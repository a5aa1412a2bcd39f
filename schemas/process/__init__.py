"""What every process needs to start: settings, logging, and the errors that an operator reads."""
