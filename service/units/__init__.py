"""Administrative units: their validity, successors and borders, and which communes an account's area covers."""
