"""What people said about the use of their data, one statement after the other."""
