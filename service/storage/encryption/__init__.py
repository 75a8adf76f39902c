"""Client-side encryption of personal items: master keys, the ring of data keys, and documents that hide items."""
