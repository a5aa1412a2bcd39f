"""What an operator asks and says about people: who is who, what waits for a word, what is one person's and what not."""
