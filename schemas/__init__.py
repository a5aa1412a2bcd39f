"""The contract between the processes, and the only code they share."""
