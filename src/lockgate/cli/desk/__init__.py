"""The demo: a refund desk on real parts, whose agent reads a mail with an instruction planted in it."""
