"""The stream: pure cores (identity, context, rewards) in one careful shell."""
