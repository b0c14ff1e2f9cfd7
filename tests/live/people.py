"""An invented company for a directory: about sixty users, groups, rooms, shared mailboxes and partners, of which some
must never be in another company's address list. The same every time."""
import unicodedata

import ldap.dn

FIRST = ["Ann", "Bob", "Chloë", "Dmitri", "Eva", "Farid", "Gita", "Hugo", "Łukasz", "Jürgen", "Kenji", "Lena"]
LAST = ["Smith", "García", "Müller", "Okafor", "Tanaka", "Novak", "O'Brien", "Khan", "Żak", "Rossi"]
ODD_NAMES = ['Robert "Rob" Okafor', "Lind, Eva", "#Max", "Ann + Ben Lee", "Backslash\\Smith", "López; Inés", "<Angle>"]
CLASSES = {
    "user": ["top", "person", "organizationalPerson", "user"],
    "contact": ["top", "person", "organizationalPerson", "contact"],
    "group": ["top", "group"],
    "organizationalUnit": ["top", "organizationalUnit"],
}
CONTAINERS = ["OU=People", "OU=Berlin,OU=People", "OU=London,OU=People", "OU=Groups", "OU=Resources", "OU=Partners"]
MAILBOX, LINKED_DISPLAY = 1, 1073741824
PHOTO = bytes(range(256)) * 4
SECURITY, DISTRIBUTION = -2147483640, 8


def plain(text):
    """ASCII letters and digits, for account names and addresses."""
    text = unicodedata.normalize("NFKD", text.replace("Ł", "L").replace("ł", "l"))
    return "".join(c for c in text.lower() if c.isascii() and c.isalnum())


def rdn(cn):
    return "CN=" + ldap.dn.escape_dn_chars(cn)


class Company:
    """Entries of a company, as (name, {attribute: [bytes]}) pairs in `entries`, parents first. The domain is
    name.example, everything lies below base."""

    def __init__(self, name, base):
        self.name, self.base, self.domain = name, base, f"{name}.example"
        self.entries = []
        for container in CONTAINERS:
            self.put(container, "organizationalUnit", ou=container.split(",")[0].removeprefix("OU="))
        people = [self.person(i) for i in range(40)]
        self.groups(people)
        self.resources()
        self.partners()
        self.never()

    def entry(self, name, kind, **values):
        """A (name, attributes) pair. Keyword arguments are attributes, with "_" for "-"; None is no value."""
        values = {"objectClass": CLASSES[kind], **{a.replace("_", "-"): v for a, v in values.items() if v is not None}}
        if name.startswith("CN="):
            values["cn"] = ldap.dn.str2dn(name)[0][0][1]
        values = {a: v if isinstance(v, list) else [v] for a, v in values.items()}
        return f"{name},{self.base}", {a: [w if isinstance(w, bytes) else str(w).encode() for w in v]
                                       for a, v in values.items()}

    def put(self, name, kind, **values):
        self.entries.append(self.entry(name, kind, **values))
        return self.entries[-1][0]

    def account(self, cn, where, alias, kind="user", mail=True, **values):
        address = f"{alias}@{self.domain}"
        if mail:
            values = {"mail": address, "mailNickname": alias, "displayName": cn,
                      "proxyAddresses": [f"SMTP:{address}", f"smtp:{alias}.old@{self.domain}"],
                      "legacyExchangeDN": f"/o={self.name}/ou=Exchange/cn=Recipients/cn={alias}", **values}
        return self.put(f"{rdn(cn)},{where}", kind, sAMAccountName=alias, **values)

    def alias(self, text):
        """Account names and aliases are nobody else's, in the other company either."""
        return f"{self.name[0]}-{text}"

    def person(self, i):
        first, last = FIRST[i % len(FIRST)], LAST[i * 7 % len(LAST)]
        cn = ODD_NAMES[i] if i < len(ODD_NAMES) else f"{first} {last} {i}"
        alias = self.alias(f"{plain(first)}.{plain(last)}{i}")
        sip = f"sip:{alias}@{self.domain}" if i % 3 != 2 else None
        site = ("Berlin", "DE", "Germany", 276) if i % 2 else ("London", "GB", "United Kingdom", 826)
        proxies = [f"SMTP:{alias}@{self.domain}", f"smtp:{i}@{self.domain}", f"X500:/o=Old/cn={alias}"]
        exchange = {} if i % 10 == 9 else {"msExchRecipientTypeDetails": MAILBOX,
                                           "msExchRecipientDisplayType": LINKED_DISPLAY if i % 4 else 0}
        return self.account(
            cn, f"OU={site[0]},OU=People", alias, displayName=f"{last}, {first}" if i % 5 else cn, givenName=first,
            sn=last, initials=first[0], title=["Engineer", "Größenwart", "Chief of staff"][i % 3],
            department=f"Department {i % 4}", company=f"{self.name.upper()} Corp", l=site[0], c=site[1], co=site[2],
            countryCode=site[3], streetAddress=f"{i} Main Street\r\nBack door" if i % 8 == 0 else f"{i} Main Street",
            postalCode=f"{10000 + i}", physicalDeliveryOfficeName=f"{i % 5}.{i:02}",
            telephoneNumber=f"+44 20 5550 {i:04}", mobile=f"+44 7700 {i:06}" if i % 2 else None,
            facsimileTelephoneNumber=f"+44 20 5551 {i:04}" if i % 7 == 0 else None,
            homePhone=f"+44 20 5552 {i:04}" if i % 9 == 0 else None, pager=f"{i}" if i % 11 == 0 else None,
            st="Region" if i % 6 == 0 else None, wWWHomePage=f"https://{self.domain}/{i}" if i % 6 == 0 else None,
            info="line one\r\nline two" if i % 10 == 0 else None, thumbnailPhoto=PHOTO if i % 10 == 3 else None,
            msDS_PhoneticDisplayName="あん" if i == 10 else None,
            extensionAttribute1=f"cost centre {i}", extensionAttribute15="x" if i % 2 else None,
            manager=self.entries[i - i % 5 + len(CONTAINERS)][0] if i % 5 else None,
            proxyAddresses=proxies + ([sip] if sip else []), msRTCSIP_PrimaryUserAddress=sip,
            msRTCSIP_UserEnabled="TRUE" if sip else None, **exchange)

    def groups(self, people):
        for i, cn in enumerate(["Board", "Sales", "Einkauf (Purchasing)", "Développeurs", "London, everybody"]):
            alias = self.alias(f"group{i}")
            self.account(cn, "OU=Groups", alias, "group", groupType=SECURITY if i % 2 else DISTRIBUTION,
                         description=f"People of {cn}", info="a group" if i else None, member=people[i:i + 5])
        self.account("Quiet", "OU=Groups", self.alias("quiet"), "group", mail=False, groupType=DISTRIBUTION,
                     member=people[:2])

    def resources(self):
        for alias, cn, details, display in (("room1", "Room Thames", 16, 7), ("room2", "Raum Größe", 16, 7),
                                            ("beam", "Projector 1", 32, 8), ("desk", "Info Desk", 4, 0)):
            self.account(cn, "OU=Resources", self.alias(alias), givenName="not a person", department="House",
                         telephoneNumber="+44 20 5559 0000", extensionAttribute2="resource",
                         msExchRecipientTypeDetails=details, msExchRecipientDisplayType=display)

    def partners(self):
        for i, cn in enumerate(["Press Office, Daily Courier", "Dr. Ewa Zięba", "Paul Partner"]):
            address = f"partner{i}@{self.name}-partner.example"
            self.put(f"{rdn(cn)},OU=Partners", "contact", displayName=f"{cn} (partner)", mail=address,
                     sn=cn.split()[-1], mailNickname=f"partner{i}.{self.name}", targetAddress=f"SMTP:{address}",
                     proxyAddresses=[f"SMTP:{address}"], mAPIRecipient="TRUE", company="Partner Ltd",
                     legacyExchangeDN=f"/o={self.name}/ou=Exchange/cn=Recipients/cn=partner{i}")
        # A mail user: his mailbox is elsewhere.
        self.account("Mo Elsewhere", "OU=People", self.alias("mo"), targetAddress=f"SMTP:mo@{self.name}-cloud.example",
                     proxyAddresses=[f"SMTP:{self.alias('mo')}@{self.domain}", f"smtp:mo@{self.name}-cloud.example"],
                     msExchRecipientTypeDetails=128, sn="Elsewhere", title="Consultant")

    def never(self):
        """What no address list has."""
        self.account("Hidden Harry", "OU=People", self.alias("harry"), msExchHideFromAddressLists="TRUE", title="Spy")
        self.account("No Mail", "OU=People", self.alias("nomail"), mail=False, displayName="No Mail",
                     title="Night watch")
        self.account("svc-backup", "OU=People", self.alias("svc-backup$"))
        self.account("Opted Out", "OU=People", self.alias("optout"), adminDescription="User_NoSync")
        self.account("SystemMailbox{1f05a927}", "OU=Resources", self.alias("sysmbx"),
                     msExchRecipientTypeDetails=8388608)
