"""What people say of themselves when they are asked, and what to ask next; part of context's state and decision."""
