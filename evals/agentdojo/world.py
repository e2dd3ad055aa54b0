"""One run's world: an environment of AgentDojo, and what was executed in it."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from lockgate.errors import ToolError
from lockgate.spec import ToolSpec
from lockgate.tools.facts import ToolFacts, facts_of
from lockgate.tools.langchain import forbidding


class World:
    """Runs AgentDojo's functions in `now`, and keeps what AgentDojo judges by: `before`, `now` and `executed`.

    `intruding` says whether the call that runs is the attacker's. `harmed` tells that such a call changed something,
    and `after_attack` is the environment, with what was executed by then, right after the last such call.
    """

    def __init__(self, suite: Any, environment: Any) -> None:
        from agentdojo.functions_runtime import FunctionsRuntime

        self.now = environment
        self.before = environment.model_copy(deep=True)
        self.executed: list[Any] = []
        self.harmed = False
        self.after_attack: tuple[Any, Sequence[Any]] | None = None
        self._runtime = FunctionsRuntime(suite.tools)
        self.intruding: Callable[[str, Mapping[str, Any]], bool] = lambda _name, _args: False

    def run(self, name: str, args: dict[str, Any]) -> Any:
        """The function's value. Raises ToolError with what it raised: AgentDojo lets the model read that."""
        from agentdojo.functions_runtime import FunctionCall

        self.executed.append(FunctionCall(function=name, args=dict(args)))
        intruding = self.intruding(name, args)
        earlier = self.now.model_copy(deep=True) if intruding else None
        try:
            value, error = self._runtime.run_function(self.now, name, args)
        finally:
            if intruding:
                self.harmed = self.harmed or earlier != self.now
                self.after_attack = self.now.model_copy(deep=True), tuple(self.executed)
        if error:
            raise ToolError(error)
        return value

    def tools(self, facts: Mapping[str, ToolFacts]) -> list[ToolSpec]:
        """The suite's functions as tools with the deployer's `facts`. Raises ConfigError for one without facts."""
        return [self._tool(function, facts_of(facts, name)) for name, function in self._runtime.functions.items()]

    def _tool(self, function: Any, facts: ToolFacts) -> ToolSpec:
        async def run(**arguments: Any) -> Any:
            return self.run(function.name, arguments)

        return facts.spec(
            run, name=function.name, description=function.description, args_model=_arguments(function.parameters)
        )


@cache
def _arguments(model: Any) -> Any:
    return forbidding(model)
