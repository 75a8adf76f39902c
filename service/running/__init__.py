"""Starting a private MongoDB, preparing it, serving the register from it, and stopping both in the right order."""
