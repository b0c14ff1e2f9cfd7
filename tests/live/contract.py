"""The contract of a contact, written down a second time and otherwise than in rules/builtin/galsync.rules: which
contacts another company gets of a directory, and what is in each of them, attribute by attribute."""
import ldap.dn

PERSON = """givenName sn initials title department company physicalDeliveryOfficeName telephoneNumber mobile
    facsimileTelephoneNumber homePhone pager streetAddress l st postalCode c co countryCode wWWHomePage info
    msDS-PhoneticDisplayName thumbnailPhoto""".split()
EXTENSIONS = [f"extensionAttribute{i}" for i in range(1, 16)]
RESOURCE = ["department", "physicalDeliveryOfficeName", "telephoneNumber"]
# What a kind of object hands on as it is, and what Outlook shows it as (two: one that may get permissions).
KINDS = {
    "user": (PERSON + EXTENSIONS, {False: -2147483642, True: -1073741818}),
    "mailuser": (PERSON + EXTENSIONS, {False: -2147482106, True: -2147482106}),
    "room": (RESOURCE + EXTENSIONS, {False: -2147481850, True: -2147481850}),
    "equipment": (RESOURCE + EXTENSIONS, {False: -2147481594, True: -2147481594}),
    "shared": (RESOURCE + EXTENSIONS, {False: -2147483642, True: -1073741818}),
    "group": (["description", "info"], {False: -2147483386, True: -2147483386}),
    "security group": (["description", "info"], {False: -2147481338, True: -1073739514}),
    "contact": (PERSON + EXTENSIONS + ["mAPIRecipient", "internetEncoding"], {False: -2147482106, True: -2147482106}),
}
RECIPIENT_TYPES = {16: "room", 32: "equipment", 4: "shared", 128: "mailuser"}
SYSTEM_MAILBOXES = {8388608, 16777216, 536870912}


def spelled(attribute):
    """The name by which an attribute is known here: 389-ds calls streetAddress street, as RFC 4519 does."""
    name = attribute.lower().removesuffix(";binary")
    return "streetaddress" if name == "street" else name


def normal(name):
    """A DN as names are compared: parsed, without case."""
    return tuple(tuple((a.lower(), v.casefold()) for a, v, _ in rdn) for rdn in ldap.dn.str2dn(name))


def is_below(name, base):
    name, base = normal(name), normal(base)
    return name[len(name) - len(base):] == base


class Source:
    """An entry of the source."""

    def __init__(self, name, attributes, ident):
        self.name, self.ident = name, ident
        self.attributes = {spelled(a): v for a, v in attributes.items()}

    def values(self, attribute):
        return self.attributes.get(attribute.lower(), [])

    def text(self, attribute):
        values = self.values(attribute)
        return values[0].decode().strip() if values else ""

    def number(self, attribute):
        return int(self.text(attribute) or 0)

    def texts(self, attribute):
        return [v.decode() for v in self.values(attribute)]

    def kind(self):
        classes = {c.lower() for c in self.texts("objectClass")}
        if "contact" in classes:
            return "contact"
        if "group" in classes:
            return "security group" if self.number("groupType") & 0x80000000 else "group"
        if "user" in classes:
            return RECIPIENT_TYPES.get(self.number("msExchRecipientTypeDetails"), "user")
        return None

    def takes_part(self):
        if self.kind() is None or not any(map(self.values, ("proxyAddresses", "mail", "targetAddress"))):
            return False
        return not (self.text("msExchHideFromAddressLists") == "TRUE" or self.text("isCriticalSystemObject") == "TRUE"
                    or self.text("sAMAccountName").endswith("$")
                    or self.text("adminDescription").startswith(("User_", "Group_", "Contact_", "galway:"))
                    or self.number("msExchRecipientTypeDetails") in SYSTEM_MAILBOXES)

    def cn(self):
        cn = self.texts("cn")[0]
        longer = f"{cn}({self.text('sAMAccountName')})"
        return cn if cn.isascii() or self.kind() == "contact" or len(longer) > 64 else longer

    def target_address(self, domain):
        if self.kind() in ("contact", "mailuser"):
            return self.text("targetAddress")
        smtp = [p for p in self.texts("proxyAddresses") + ["smtp:" + self.text("mail")]
                if p.lower().startswith("smtp:") and p.lower().endswith("@" + domain)]
        return "SMTP:" + sorted(smtp, key=lambda p: not p.startswith("SMTP:"))[0][5:]

    def contact(self, domain):
        kind = self.kind()
        copied, display = KINDS[kind]
        primary = [p[5:] for p in self.texts("proxyAddresses") if p.startswith("SMTP:")]
        sip = self.text("msRTCSIP-PrimaryUserAddress")
        proxies = self.texts("proxyAddresses") or [self.target_address(domain)]
        if self.text("legacyExchangeDN"):
            proxies = proxies + ["X500:" + self.text("legacyExchangeDN")]
        want = {a: self.values(a) for a in copied}
        want.update({
            "cn": [self.cn()],
            "objectClass": ["top", "person", "organizationalPerson", "contact"],
            "displayName": [self.text("displayName") or self.text("cn")],
            "mailNickname": [self.text("sAMAccountName") or self.text("mailNickname")],
            "targetAddress": [self.target_address(domain)],
            "mail": primary or [self.text("mail")],
            "proxyAddresses": proxies,
            "msRTCSIP-PrimaryUserAddress": [sip] if sip and "group" not in kind else [],
            "msExchOriginatingForest": [domain],
            "msExchRecipientDisplayType": [str(display[bool(self.number("msExchRecipientDisplayType") & 1 << 30)])],
            "msExchRecipientTypeDetails": ["64"],
        })
        return {a.lower(): {v if isinstance(v, bytes) else v.encode() for v in values}
                for a, values in want.items() if values}


def contacts(sources, flow, domain, into):
    """{marker: {attribute: {value}}} of what lies directly in `into`; "manager" is a parsed name."""
    part = [s for s in sources if s.takes_part()]
    names = {normal(s.name): f"{ldap.dn.dn2str([[('CN', s.cn(), 1)]])},{into}" for s in part}
    found = {}
    for s in part:
        found[f"galway:{flow}:{s.ident}"] = want = s.contact(domain)
        manager = names.get(normal(s.text("manager"))) if s.text("manager") else None
        if manager and s.kind() in ("user", "mailuser", "contact"):
            want["manager"] = {normal(manager)}
    return found


def differences(want, got):
    """Lines about what two {marker: {attribute: {value}}} do not have in common; objectClass may have more."""
    for marker in sorted(want.keys() | got.keys()):
        if marker not in got or marker not in want:
            yield f"{marker}: {'missing' if marker in want else 'nobody asked for it'}"
            continue
        for attribute in sorted(want[marker].keys() | got[marker].keys()):
            w, g = want[marker].get(attribute, set()), got[marker].get(attribute, set())
            if w != g and not (attribute == "objectclass" and w <= g):
                yield f"{marker} ({marker_name(want[marker])}): {attribute} is {shown(g)}, not {shown(w)}"


def marker_name(attributes):
    return b" ".join(attributes.get("cn", [])).decode()


def shown(values):
    return "{" + ", ".join(sorted(v.decode("utf-8", "replace")[:80] if isinstance(v, bytes) else str(v)
                                  for v in values)) + "}"
