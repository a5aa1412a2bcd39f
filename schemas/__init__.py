"""The contract between the processes, and the only code that they share."""
