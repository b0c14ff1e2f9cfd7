"""A provider of RFC 4533 (syncrepl), like OpenLDAP: what it tells of changes a test says, else it is honest."""
import dataclasses
import uuid

import ber
from changes import root_with
from scene import person
from server import PAGED, Found, Result

SYNC, STATE, DONE, INFO = (f"1.3.6.1.4.1.4203.1.9.1.{n}" for n in (1, 2, 3, 4))
CSN = "2026010203040{}.000000Z#000000#00{}#000000"
ADDED = 1


@dataclasses.dataclass
class Synced(Found):
    """An entry with its state (RFC 4533 section 2.3)."""
    controls: tuple = ()


@dataclasses.dataclass
class Told(Result):
    """A Sync Info message (RFC 4533 section 2.5)."""
    content: bytes = b""

    def pdu(self):
        return ber.tlv(0x79, ber.octets(INFO, 0x80), ber.octets(self.content, 0x81))


def guid(value):
    return uuid.UUID(value.decode()).bytes


def id_set(numbers, deletes):
    ids = [ber.octets(guid(person(n).values("entryUUID")[0])) for n in numbers]
    return Told(0x79, content=ber.tlv(0xA3, ber.tlv(ber.BOOLEAN, b"\xff") if deletes else b"",
                                      ber.tlv(ber.SET, *ids)))


def present(numbers):
    """These are still there, and all others are not."""
    return id_set(numbers, False)


def absent(numbers):
    """These are gone."""
    return id_set(numbers, True)


def end(number, deletes, sids=1):
    """The end of an answer; number: of the newest change; sids: how many servers the cookie knows. Without deletes it
    is the end of a present phase: whoever was not named is gone."""
    cookie = "rid=000,csn=" + ";".join(CSN.format(number, sid) for sid in range(1, sids + 1))
    flag = ber.tlv(ber.BOOLEAN, b"\xff") if deletes else b""
    return Result(0x65, controls=[(DONE, ber.seq(ber.octets(cookie), flag))])


class Provider:
    """A behaviour of tests/rogue/server.py."""
    takes = None

    def __init__(self, sids=1):
        self.sids, self.told = sids, [end(1, True, sids)]

    def answers(self, *items):
        """What is said of the changes since a cookie."""
        self.told = items

    @staticmethod
    def when(request):
        return request.root or SYNC in request.controls

    def change(self, server, request, honest):
        if request.root:
            return root_with(supportedControl=[PAGED, SYNC], objectClass=["top", "OpenLDAProotDSE"])(
                server, request, honest)
        if any(tag == ber.OCTETS for tag, _ in ber.only(request.controls[SYNC])):
            return self.told
        *found, _ = honest()
        return [self.synced(server, f) for f in found] + [end(1, True, self.sids)]

    @staticmethod
    def synced(server, found):
        name = guid(server.directory.get(found.dn).values("entryUUID")[0])
        return Synced(found.dn, found.attributes, controls=[(STATE, ber.seq(ber.enum(ADDED), ber.octets(name)))])
