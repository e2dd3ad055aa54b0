"""What an error of the database becomes."""

import psycopg
import pytest
from psycopg import errors

from lockgate.errors import HALTING, LeaseLostError, StoreError
from lockgate.runtime.fence import LOST
from lockgate.runtime.pool import store_errors


class Lost(psycopg.Error):
    sqlstate = LOST


@pytest.mark.parametrize(
    ("error", "down"),
    [
        (psycopg.OperationalError("server closed the connection unexpectedly"), True),
        (psycopg.InterfaceError("the connection is closed"), True),
        (errors.ConnectionFailure(), True),
        (errors.DiskFull(), True),
        (errors.TooManyConnections(), True),
        (errors.AdminShutdown(), True),
        (errors.IoError(), True),
        (errors.DataCorrupted(), True),
        (psycopg.ProgrammingError("the query has 0 placeholders"), False),
        (errors.QueryCanceled(), False),
        (errors.DeadlockDetected(), False),
        (errors.SerializationFailure(), False),
        (errors.InsufficientPrivilege(), False),
        (errors.UndefinedTable(), False),
        (errors.CheckViolation(), False),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_every_error_is_a_store_error_that_says_whether_the_whole_database_is_down(error, down):
    with pytest.raises(StoreError) as caught:
        async with store_errors():
            raise error
    assert caught.value.down == down
    assert isinstance(caught.value, HALTING)


async def test_a_fenced_transaction_has_lost_its_lease():
    with pytest.raises(LeaseLostError):
        async with store_errors():
            raise Lost
