"""Running the register: start and prepare a private MongoDB, serve from it, and stop both in the right order."""
