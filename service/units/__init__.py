"""Administrative units: their validity, successors and borders, and what an account's area covers."""
