"""The collector of this process, which all services that tests run in it share."""

from boxgauge.server.garbage import Garbage

# A new one looks through everything when its service starts, which here is torch, too: 0.25 s,
# some hundred times. This one does so the first time.
GARBAGE = Garbage()
