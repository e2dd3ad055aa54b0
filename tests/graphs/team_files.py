"""A team file of each pattern, and what they name: tools, a policy, scripts of models."""

TOOLS = '''
from pydantic import BaseModel
from lockgate import tool

@tool(effect=False, output="trusted")
def look_up(order: str) -> str:
    """Look an order up by its number."""
    return f"order {order}"

@tool
def note(text: str) -> str:
    """Write a note into the file of the customer."""
    return "written"

class Order(BaseModel):
    number: int
'''
POLICY = """
version: 1
rules:
  - {id: look, tools: [look_up], action: allow, reason: Reading is harmless.}
  - {id: write, tools: [note], action: review, reason: Somebody looks at notes.}
"""
REACT = """
version: 1
pattern: react
policy: desk.yaml
model: scripted:desk.script.yaml
agents:
  desk:
    prompt: You look orders up for clerks and write a note when they ask for one.
    tools: [team_tools.py:look_up, team_tools.py:note]
"""
ORCHESTRATOR = """
version: 1
pattern: orchestrator
model: scripted:lead.script.yaml
policy: desk.yaml
parallel: 2
agents:
  finder:
    description: Looks orders up.
    model: scripted:finder.script.yaml
    tools: [team_tools.py:look_up]
    budget: {model_calls: 5}
    seconds: 60
"""
HIERARCHY = """
version: 1
pattern: hierarchy
model: scripted:lead.script.yaml
policy: desk.yaml
tools: [team_tools.py:look_up]
agents:
  finder:
    model: scripted:finder.script.yaml
    tools: [look_up]
  others:
    agents:
      reader: {tools: ["look_*"], seconds: 5}
"""
PIPELINE = """
version: 1
pattern: pipeline
agents:
  extract:
    objective: Find the number of the order.
    gives: team_tools.py:Order
    model: scripted:extract.script.yaml
"""
DEBATE = """
version: 1
pattern: debate
rounds: 1
model: scripted:say.script.yaml
agents:
  builder: {prompt: Work the answer out step by step from what is given.}
  sceptic: {prompt: Look for what is wrong with the obvious answer before you give yours.}
"""
FILES = {
    "say.script.yaml": """
- text: '{"answer": "7", "reasons": "because"}'
- text: '{"answer": "7", "reasons": "because"}'
""",
    "team_tools.py": TOOLS,
    "desk.yaml": POLICY,
    "desk.script.yaml": """
- calls: [{name: look_up, args: {order: "7"}}]
- calls: [{name: note, args: {text: hello}}]
- text: Done.
""",
    "lead.script.yaml": """
- calls: [{name: submit_plan, args: {tasks: [{task_id: t1, worker: finder, objective: Find order 7.}]}}]
- text: "It is order 7 (t1)."
""",
    "finder.script.yaml": """
- calls: [{name: look_up, args: {order: "7"}}]
- text: Found order 7.
""",
    "extract.script.yaml": """
- text: '{"number": 7}'
""",
}

TEAMS = {"react": REACT, "orchestrator": ORCHESTRATOR, "hierarchy": HIERARCHY, "pipeline": PIPELINE, "debate": DEBATE}
