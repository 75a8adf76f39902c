"""Who somebody is and what they may do: accounts, sessions, tokens, keys, OpenID, audit trail entries."""
