"""What context knows for the expressions of routes: a file a subject, each with its readers by the input's name."""
