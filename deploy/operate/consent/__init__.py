"""What people said about the use of their data: an import of statements, and what the store knows of a person."""
