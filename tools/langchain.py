"""Any LangChain tool, wrapped with the facts that the gate judges it by."""

from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel, ConfigDict, model_validator

from lockgate.errors import ConfigError
from lockgate.spec import EXTERNAL, ToolSpec
from lockgate.tools.decorator import describe

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool


def wrap(item: "BaseTool | object", **facts: Any) -> ToolSpec:
    """The `ToolSpec` of a LangChain tool; `facts` are those of `@tool` and default to the worst.

    Both kinds of argument schema are taken: a pydantic model, and JSON schema as MCP servers give it.
    """
    from langchain_core.tools import BaseTool

    if not isinstance(item, BaseTool):
        kind = type(item).__name__
        raise ConfigError(f"{kind} is no tool.", "Pass a function decorated with @tool, or a LangChain tool.")
    wrapped = item

    async def run(**arguments: Any) -> Any:
        return await wrapped.ainvoke(arguments)

    facts.setdefault("description", item.description)
    facts["tags"] = {*facts.get("tags", ()), EXTERNAL}
    schema = item.args_schema if isinstance(item.args_schema, dict) else None
    model = _model_of_schema(item.name, schema) if schema else cast("type[BaseModel]", item.get_input_schema())
    return describe(run, name=item.name, args_model=forbidding(model), **facts)


def forbidding(model: type[BaseModel]) -> type[BaseModel]:
    if model.model_config.get("extra") in ("forbid", "allow"):
        return model
    return cast("type[BaseModel]", type(model.__name__, (model,), {"model_config": ConfigDict(extra="forbid")}))


def _model_of_schema(name: str, schema: dict[str, Any]) -> type[BaseModel]:
    import jsonschema

    validator = jsonschema.validators.validator_for(schema)(schema)
    try:
        validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        raise ConfigError(f"Tool {name!r}: its argument schema is wrong: {error.message}.") from None

    class Arguments(BaseModel):
        """Holds whatever the schema allows; the schema alone decides."""

        model_config = ConfigDict(extra="allow")

        @model_validator(mode="before")
        @classmethod
        def hold_to_schema(cls, data: Any) -> Any:
            for error in validator.iter_errors(data):
                path = ".".join(map(str, error.absolute_path))
                raise ValueError(f"{path}: {error.message}" if path else error.message)
            return data

        @classmethod
        def model_json_schema(cls, *_: Any, **__: Any) -> dict[str, Any]:
            return dict(schema)

    return Arguments
