"""What the gateway keeps of the values that identifiers are made of: contacts, encrypted; and links between the
identifiers of one value while the identifier key changes."""
