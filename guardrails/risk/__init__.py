"""How much rope a call gets: the tool's tier, the model's confidence, and whether the effect can be undone."""
