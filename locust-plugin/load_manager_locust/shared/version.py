VERSION = "0.1.0"
# The number at the top of PROTOCOL.md; a server refuses a number that it does not know.
PROTOCOL = 3
