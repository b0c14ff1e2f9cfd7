"""What each of the scripts in this folder does: see that every user of the source has its contact in the target, with
the attributes that a contact has. They find nothing to do, and print how many differences they found: 0.

    SCRIPT SOURCE-URL SOURCE-BASE TARGET-URL TARGET-BASE

They differ in how they ask. The manager, which would be one more look-up, and names with a complaint are left out."""
import sys

PIVOT = "mail"
COPIED = ("displayName", "givenName", "sn", "title", "department", "company", "telephoneNumber", "l", "mail",
          "msRTCSIP-PrimaryUserAddress")
SOURCE_ATTRIBUTES = [*COPIED, "sAMAccountName", "proxyAddresses", "legacyExchangeDN"]
TARGET_ATTRIBUTES = [*COPIED, "mailNickname", "targetAddress", "proxyAddresses"]
SOURCE_FILTER = "(&(objectClass=user)(proxyAddresses=*))"
TARGET_FILTER = "(objectClass=contact)"


def arguments():
    """source url, source base, target url, target base"""
    if len(sys.argv) != 5:
        sys.exit(f"usage: {sys.argv[0]} SOURCE-URL SOURCE-BASE TARGET-URL TARGET-BASE")
    return sys.argv[1:]


def desired(user):
    """{attribute: [bytes]} of a contact, from that of the user."""
    contact = {a: user[a] for a in COPIED if a in user}
    contact["mailNickname"] = user["sAMAccountName"]
    contact["targetAddress"] = [b"SMTP:" + user["mail"][0]]
    contact["proxyAddresses"] = user["proxyAddresses"] + [b"X500:" + user["legacyExchangeDN"][0]]
    return contact


def differs(user, contact):
    """1 when the contact is missing or not as it should be."""
    if contact is None:
        return 1
    want = desired(user)
    return int(any(set(want.get(a, ())) != set(contact.get(a, ())) for a in TARGET_ATTRIBUTES))


def escaped(value):
    """A value in a filter."""
    text = value.decode()
    return "".join(f"\\{ord(c):02x}" if c in "\\*()\0" else c for c in text)


def found(entries):
    """The only entry, or None."""
    return entries[0][1] if len(entries) == 1 else None
