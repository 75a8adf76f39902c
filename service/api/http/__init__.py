"""What every resource shares: gate, browser session, problems, bodies, parameters, responses."""
