"""BER as LDAP uses it (RFC 4511 section 5.1): tags of one byte, definite lengths.

Writing: tlv and its relatives give bytes. Reading: parts() splits a content into (tag, content) pairs.
"""

BOOLEAN, INTEGER, OCTETS, ENUM, SEQ, SET = 0x01, 0x02, 0x04, 0x0A, 0x30, 0x31


class Malformed(ValueError):
    """What came is not BER."""


def length(n):
    if n < 0x80:
        return bytes([n])
    digits = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(digits)]) + digits


def tlv(tag, *contents):
    content = b"".join(contents)
    return bytes([tag]) + length(len(content)) + content


def integer(n, tag=INTEGER):
    return tlv(tag, n.to_bytes(n.bit_length() // 8 + 1, "big", signed=True))


def enum(n):
    return integer(n, ENUM)


def octets(value, tag=OCTETS):
    return tlv(tag, value.encode() if isinstance(value, str) else value)


def seq(*contents):
    return tlv(SEQ, *contents)


def header(data, at=0):
    """(tag, where the content starts, where it ends); None while the header is not all there."""
    if len(data) < at + 2:
        return None
    tag, first = data[at], data[at + 1]
    if first < 0x80:
        return tag, at + 2, at + 2 + first
    digits = first & 0x7F
    if digits == 0 or digits > 4:
        raise Malformed(f"length of {digits} bytes")
    start = at + 2 + digits
    if len(data) < start:
        return None
    return tag, start, start + int.from_bytes(data[at + 2:start], "big")


def parts(data):
    found, at = [], 0
    while at < len(data):
        head = header(data, at)
        if head is None or head[2] > len(data):
            raise Malformed("cut short")
        found.append((head[0], bytes(data[head[1]:head[2]])))
        at = head[2]
    return found


def only(data, tag=SEQ):
    """The parts of the one value that is there."""
    (found, content), = parts(data)
    if found != tag:
        raise Malformed(f"tag {found:#x}, not {tag:#x}")
    return parts(content)


def number(content):
    return int.from_bytes(content, "big", signed=True)
