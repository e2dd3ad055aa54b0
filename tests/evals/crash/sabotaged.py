"""The nursery with one of Lockgate's promises broken, to see that the harness notices.

python sabotaged.py ledger|halting|audit|answer
"""

import sys

from lockgate.effect import Claim
from lockgate.evals.crash import nursery
from lockgate.evals.crash.world import World
from lockgate.nodes import dispatch, worker
from lockgate.runtime.ledger import Ledger
from lockgate.runtime.writing import Writer


async def claim(self, wanted, *, fence=None, decided=None):
    return Claim(effect=wanted, mine=True)


async def settle(self, effect, status, *, result=None, **_):
    return type(effect)(
        **{**{name: getattr(effect, name) for name in effect.__slots__}, "status": status, "result": result}
    )


commit = Writer._commit


async def silent(self, *args, decided=None, **options):
    return await commit(self, *args, **options)


def refusing(self, request):
    return "approve" if request["type"] == "approval" else {"action": "give_up"}


match sys.argv[1]:
    case "ledger":
        Ledger.claim, Ledger.settle = claim, settle
    case "halting":
        worker.HALTING = dispatch.HALTING = ()
    case "audit":
        Writer._commit = silent
    case "answer":
        World.answer = refusing
nursery.main()
