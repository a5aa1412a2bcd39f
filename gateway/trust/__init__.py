"""What a scan proves and who asks: links checked, bots told from people, and what is kept of both."""
