"""The nursery with one of Lockgate's promises broken, to see that the harness notices.

python sabotaged.py ledger|halting|audit|answer
"""

import sys

from lockgate.effect import Claim
from lockgate.evals.crash import nursery
from lockgate.evals.crash.world import World
from lockgate.nodes import dispatch, worker
from lockgate.runtime.audit import PostgresAudit
from lockgate.runtime.ledger import Ledger


async def claim(self, wanted, *, fence=None):
    return Claim(effect=wanted, mine=True)


async def settle(self, effect, status, *, result=None, **_):
    return type(effect)(
        **{**{name: getattr(effect, name) for name in effect.__slots__}, "status": status, "result": result}
    )


def intend(self, *entries):
    pass


def refusing(self, request):
    return "approve" if request["type"] == "approval" else {"action": "give_up"}


match sys.argv[1]:
    case "ledger":
        Ledger.claim, Ledger.settle = claim, settle
    case "halting":
        worker.HALTING = dispatch.HALTING = ()
    case "audit":
        PostgresAudit.intend = intend
    case "answer":
        World.answer = refusing
nursery.main()
