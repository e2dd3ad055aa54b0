"""What runs, agents, tools, users and tenants may use, and when a run goes round in circles."""
