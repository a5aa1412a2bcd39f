"""`footpath why`: the story of an event, and what its decision would be today or under another configuration."""
