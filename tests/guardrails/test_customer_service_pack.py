"""The shipped packs as tables: what they allow and what they deny, down to the argument."""

import pytest
from pydantic import BaseModel

from lockgate.decision import DEFAULT_RULE, Call, verb
from lockgate.guardrails.pack import shipped_packs
from lockgate.guardrails.policy import Policy
from lockgate.ports import History
from lockgate.spec import ToolSpec


class NoArguments(BaseModel):
    pass


def decide(pack, tool, args, **facts):
    spec = ToolSpec(name=tool, description="", args_model=NoArguments, run=print, is_async=False, **facts)
    return Policy.load(pack).decide(Call(id="c", name=tool, args=args), spec, History())


ALLOWED = [
    ("read_customer", {"customer_id": "C-1"}, "read-customers"),
    ("find_customers", {"name": "O'Neill"}, "read-customers"),
    ("query_database", {"table": "customers", "operation": "read"}, "read-tables"),
    ("query_database", {"table": "tickets", "operation": "select", "filter": {"id": 1}}, "read-tables"),
    ("query_database", {"table": "customers", "operation": "select", "sql": None}, "read-tables"),
    ("create_ticket", {"subject": "Refund", "body": "Please delete my account"}, "create-tickets"),
    ("search_web", {"query": "opening hours 2026"}, "search-the-web"),
]

DENIED = [
    ("delete_customer", {"customer_id": "C-1"}, "never-delete"),
    ("delete_", {}, "never-delete"),
    ("customer_delete", {}, "never-delete"),
    ("drop_table", {"table": "payments"}, "never-delete"),
    ("purge_tickets", {}, "never-delete"),
    ("query_database", {"table": "customers", "operation": "DELETE"}, "no-delete-operation"),
    ("query_database", {"table": "customers", "operation": "soft-delete"}, "no-delete-operation"),
    ("query_database", {"table": "customers", "operation": ["read", "delete"]}, "no-delete-operation"),
    ("create_ticket", {"operation": "drop"}, "no-delete-operation"),
    ("run_sql", {"statement": "select 1"}, "no-raw-sql"),
    ("SQLQuery", {"table": "customers"}, "no-raw-sql"),
    *[
        ("query_database", {"table": table, "operation": "read"}, "no-financial-table")
        for table in (
            "payments", "invoices", "ledger", "cards", "accounts", "PAYMENTS", "public.payments", '"Payments"',
            "customers; payments", "customers\npayments", "bank_accounts", "payroll", "\ud800", ["payments"], 7,
        )
    ],
    ("read_customer", {"table": "payments"}, "no-financial-table"),
    ("query_database", {"tables": ["customers", "payments"], "operation": "read"}, "no-financial-table-in-list"),
    ("query_database", {"table": "customers", "operation": "read", "tables": ["ledger"]}, "no-financial-table-in-list"),
    ("query_database", {"table": "customers", "operation": "read", "sql": "select * from x"}, DEFAULT_RULE),
    ("query_database", {"table": "customers", "operation": "read", "query": "x"}, DEFAULT_RULE),
    ("query_database", {"table": "customers", "operation": "update"}, DEFAULT_RULE),
    ("query_database", {"table": "customers", "operation": "Read"}, DEFAULT_RULE),
    ("query_database", {"table": "customers"}, DEFAULT_RULE),
    ("query_database", {"table": "Customers", "operation": "read"}, DEFAULT_RULE),
    ("query_database", {"table": "customers ", "operation": "read"}, DEFAULT_RULE),
    ("query_database", {"table": None, "operation": "read"}, DEFAULT_RULE),
    ("query_database", {"operation": "read"}, DEFAULT_RULE),
    ("query_database", {}, DEFAULT_RULE),
    ("search_web", {"query": "is 4111 1111-1111 1111 stolen"}, "no-card-number-to-the-web"),
    ("search_web", {"query": "4111111111111111"}, "no-card-number-to-the-web"),
    ("search_web", {"query": "x" * 301}, DEFAULT_RULE),
    ("search_web", {"query": ""}, DEFAULT_RULE),
    ("search_web", {}, DEFAULT_RULE),
    ("refund", {"order": "1", "amount": 1}, DEFAULT_RULE),
    ("send_mail", {"to": "a@b.c"}, DEFAULT_RULE),
    ("update_customer", {"customer_id": "C-1"}, DEFAULT_RULE),
    ("READ_CUSTOMER", {"customer_id": "C-1"}, DEFAULT_RULE),
    ("read_customer\n", {"customer_id": "C-1"}, DEFAULT_RULE),
    ("", {}, DEFAULT_RULE),
]  # fmt: skip


@pytest.mark.parametrize(("tool", "args", "rule"), ALLOWED)
def test_customer_service_allows(tool, args, rule):
    decision = decide("customer-service", tool, args)
    assert (verb(decision), decision.rule) == ("allow", rule)
    assert decision.reason


@pytest.mark.parametrize(("tool", "args", "rule"), DENIED)
def test_customer_service_denies(tool, args, rule):
    decision = decide("customer-service", tool, args)
    assert (verb(decision), decision.rule) == ("deny", rule)
    assert decision.reason


def test_a_query_without_operation_runs_only_on_a_tool_without_effect():
    args = {"table": "customers"}
    assert decide("customer-service", "query_database", args, effect=False).rule == "read-tables-by-default"
    assert verb(decide("customer-service", "query_database", args, effect=True)) == "deny"


@pytest.mark.parametrize(
    ("tool", "answer"),
    [
        ("calculate", "allow"),
        ("current_time", "allow"),
        ("list_files", "allow"),
        ("read_file", "allow"),
        ("write_file", "review"),
        ("delete_file", "deny"),
        ("run_shell", "deny"),
        ("write_files", "deny"),
    ],
)
def test_starter(tool, answer):
    assert verb(decide("starter", tool, {"path": "a.txt"})) == answer


def test_the_shipped_packs_are_these_and_load():
    assert {"customer-service", "starter"} <= set(shipped_packs())
    assert [Policy.load(name).name for name in shipped_packs()] == shipped_packs()
