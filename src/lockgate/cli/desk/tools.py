"""The desk's tools: plain SQL on the shop's own tables."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Annotated, Any, TypeAlias

from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row
from pydantic import Field

from lockgate.errors import ToolError
from lockgate.spec import ToolSpec
from lockgate.tools import tool

Connection: TypeAlias = AsyncConnection[DictRow]
Connect: TypeAlias = Callable[[], Awaitable[Connection]]
Rows: TypeAlias = Callable[..., Awaitable[list[dict[str, Any]]]]

OrderId = Annotated[str, Field(min_length=1, max_length=20, description="such as 1007")]
Amount = Annotated[float, Field(gt=0, le=100_000, description="in EUR, such as 12.90")]

_REFUND = """
INSERT INTO desk.payments (order_id, kind, amount, account)
SELECT o.id, 'refund', %(amount)s, coalesce(%(account)s, c.account)
FROM desk.orders o JOIN desk.customers c ON c.id = o.customer_id
WHERE o.id = %(order_id)s AND %(amount)s <= o.total
ON CONFLICT (order_id, kind) DO NOTHING
RETURNING order_id, amount, account
"""


def connector(url: str) -> Connect:
    """How the tools reach the database at `url`."""

    async def connect() -> Connection:
        return await AsyncConnection.connect(url, autocommit=True, row_factory=dict_row, connect_timeout=5)

    return connect


def desk_tools(connect: Connect) -> list[ToolSpec]:
    """The tools, each call on a connection of its own."""

    async def rows(sql: str, *args: Any, **named: Any) -> list[dict[str, Any]]:
        async with await connect() as connection:
            cursor = await connection.execute(sql.encode(), named or args)
            return [
                {name: str(value) if isinstance(value, Decimal) else value for name, value in row.items()}
                for row in (await cursor.fetchall() if cursor.description else ())
            ]

    return [*_reading(rows), *_acting(rows)]


def _reading(rows: Rows) -> list[ToolSpec]:
    @tool(effect=False, private=True)
    async def read_mail() -> list[dict[str, Any]]:
        """Read the mails that have no answer yet."""
        return await rows(
            "SELECT id AS mail_id, sender, subject, body FROM desk.mailbox m "
            "WHERE NOT EXISTS (SELECT FROM desk.outbox o WHERE o.mail_id = m.id) ORDER BY received LIMIT 10"
        )

    # What the shop itself keeps, and nothing that a customer wrote: so these two can be relied on.
    @tool(effect=False, private=True, output="trusted")
    async def find_customer(email: Annotated[str, Field(max_length=200)]) -> dict[str, Any]:
        """Find a customer by mail address, with the customer's orders."""
        found = await rows(
            "SELECT id AS customer_id, array(SELECT id FROM desk.orders WHERE customer_id = c.id ORDER BY id) orders "
            "FROM desk.customers c WHERE email = lower(%s)",
            email,
        )
        if not found:
            raise ToolError("There is no customer with this mail address.")
        return found[0]

    @tool(effect=False, private=True, output="trusted")
    async def look_up_order(order_id: OrderId) -> dict[str, Any]:
        """Look up an order: whose it is, what was bought, its total, and what was paid back already."""
        found = await rows(
            "SELECT o.id AS order_id, o.customer_id, o.item, o.total, o.delivered, coalesce(p.amount, 0) AS refunded "
            "FROM desk.orders o LEFT JOIN desk.payments p ON p.order_id = o.id AND p.kind = 'refund' WHERE o.id = %s",
            order_id,
        )
        if not found:
            raise ToolError("There is no such order.")
        return found[0]

    return [read_mail, find_customer, look_up_order]


def _acting(rows: Rows) -> list[ToolSpec]:
    @tool(effect=True, reversible=False, idempotent=True, sensitive={"account", "amount", "order_id"})
    async def refund(
        order_id: OrderId,
        amount: Amount,
        account: Annotated[
            str | None, Field(max_length=60, description="leave it out to pay back to the account that paid")
        ] = None,
    ) -> dict[str, Any]:
        """Pay an order back, wholly or in part. An order is paid back at most once."""
        exact = Decimal(str(amount))
        if exact != round(exact, 2):
            raise ToolError("An amount has at most two decimals.")
        if paid := await rows(_REFUND, order_id=order_id, amount=exact, account=account):
            return {"status": "refunded", **paid[0]}
        done = await rows("SELECT amount FROM desk.payments WHERE order_id = %s AND kind = 'refund'", order_id)
        if done:
            # Said as a success: the same call again finds what it wanted done.
            return {"status": "was refunded before", "order_id": order_id, "amount": done[0]["amount"]}
        raise ToolError("There is no such order, or the amount is more than was paid for it.")

    @tool(effect=True, reversible=False, idempotent=True, risk="critical", sensitive={"customer_id"})
    async def delete_customer(customer_id: int) -> str:
        """Delete a customer with all orders and payments."""
        gone = await rows("DELETE FROM desk.customers WHERE id = %s RETURNING id", customer_id)
        return "deleted" if gone else "there was no such customer"

    @tool(effect=True, reversible=False, idempotent=True)
    async def send_reply(mail_id: int, text: Annotated[str, Field(min_length=1, max_length=4_000)]) -> str:
        """Answer a mail. A mail is answered at most once."""
        sent = await rows(
            "INSERT INTO desk.outbox (mail_id, recipient, body) SELECT id, sender, %s FROM desk.mailbox WHERE id = %s "
            "ON CONFLICT (mail_id) DO NOTHING RETURNING recipient",
            text,
            mail_id,
        )
        if sent:
            return f"sent to {sent[0]['recipient']}"
        if await rows("SELECT 1 FROM desk.outbox WHERE mail_id = %s", mail_id):
            return "was answered before"
        raise ToolError("There is no such mail.")

    return [refund, delete_customer, send_reply]
