"""A brand that does not exist, and people who walk through its stores."""
