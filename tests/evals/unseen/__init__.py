"""Small suites of another manner than AgentDojo's: what guards them must be the engine, for no rule knows them."""
