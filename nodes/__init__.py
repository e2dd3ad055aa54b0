"""The nodes of every graph, one file a node: where guardrails, tools, models and runtime meet."""
