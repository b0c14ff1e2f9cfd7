"""What happens in a company between two runs: each function changes one side's directory. STEPS has all of them, in an
order in which they can be done."""


def modify(side):
    """Values of every kind: changed, added, taken away, another case, octets, a new primary address."""
    d, domain = side.directory, side.domain
    kenji = side.find("Kenji Tanaka 22")
    old = d.search(kenji, scope=0)[kenji]
    d.replace(kenji, title="Director", pager=None, telephoneNumber="+44 20 5550 9999",
              thumbnailPhoto=b"\xff\xd8\xff\xe0new", department=old["department"][0].upper(),
              extensionAttribute3="newly there")
    primary = [p for p in old["proxyAddresses"] if p.startswith(b"SMTP:")][0]
    rest = [p for p in old["proxyAddresses"] if p != primary]
    d.replace(kenji, mail=f"k.mueller@{domain}",
              proxyAddresses=rest + [f"SMTP:k.mueller@{domain}".encode(), b"smtp:" + primary[5:]])
    d.replace(side.find("Gita O'Brien 18"), manager=kenji, info="first\r\nsecond", c="FR", co="France", countryCode=250)
    lind = side.find("Lind, Eva")
    d.replace(lind, manager=None, streetAddress="Neue Straße 1")
    d.replace(side.find("Board"), description="The board", info="new")


def rename(side):
    """New names; references to them follow."""
    manager = side.find('Robert "Rob" Okafor')
    side.rename(manager, "CN=Roberta Okafor\\, PhD")
    side.rename(side.find("Lena Khan 11"), "CN=Lena Köhn")
    side.rename(side.find("Einkauf (Purchasing)"), "CN=Purchasing")


def move(side):
    """Places inside the source are nothing to the target."""
    side.rename(side.find("Hugo Khan 31"), "CN=Hugo Khan 31", f"OU=London,OU=People,{side.base}")
    side.rename(side.find("#Max"), "CN=Max", f"OU=People,{side.base}")


def rename_container(side):
    """Everything in it has another name; only the container itself is told as changed in AD."""
    side.rename(f"OU=Berlin,OU=People,{side.base}", "OU=Potsdam")
    side.directory.replace(side.find("Bob García 13"), title="of Potsdam")


def hide(side):
    """Out of the scope by hiding, by losing all addresses, by opting out; disabling alone changes nothing."""
    d = side.directory
    d.replace(side.find("Ann Müller 36"), msExchHideFromAddressLists="TRUE")
    d.replace(side.find("Kenji Smith 10"), msExchHideFromAddressLists="TRUE")  # a manager
    d.replace(side.find("Bob Rossi 37"), adminDescription="User_NoSync")
    d.replace(side.find("Projector 1"), mail=None, proxyAddresses=None, targetAddress=None)
    d.replace(side.find("Info Desk"), userAccountControl=514)


def show(side):
    """Into the scope: shown again, with mail at last, a group that gets an address."""
    d, domain = side.directory, side.domain
    d.replace(side.find("Hidden Harry"), msExchHideFromAddressLists="FALSE")
    d.replace(side.find("Kenji Smith 10"), msExchHideFromAddressLists=None)
    for cn, alias in (("No Mail", "nomail"), ("Quiet", "quiet")):
        d.replace(side.find(cn), mail=f"{alias}@{domain}", proxyAddresses=f"SMTP:{alias}@{domain}", mailNickname=alias)


def members(side):
    """Membership is nothing to an address list."""
    d = side.directory
    board, who = side.find("Board"), side.find("Paul Partner")
    d.add_value(board, "member", who)
    d.replace(board, description="The board, and a partner")


def delete(side):
    """A contact, a room, a person, a manager."""
    for cn in ("Paul Partner", "Room Thames", "Chloë O'Brien 38", "Lena Novak 35"):
        side.directory.delete(side.find(cn))


def come_back(side):
    """Whoever was deleted comes back as somebody new, with the address of before; and somebody really new."""
    domain, room, nina = side.domain, side.alias("room1"), side.alias("nina")
    side.put("CN=Room Thames,OU=Resources", "user", sAMAccountName=room, displayName="Room Thames again",
             mail=f"{room}@{domain}", proxyAddresses=[f"SMTP:{room}@{domain}"], mailNickname=room,
             msExchRecipientTypeDetails=16, msExchRecipientDisplayType=7)
    side.put("CN=Nina New,OU=People", "user", sAMAccountName=nina, displayName="Nina New", sn="New", givenName="Nina",
             mail=f"{nina}@{domain}", proxyAddresses=[f"SMTP:{nina}@{domain}"], mailNickname=nina,
             manager=side.find("Lind, Eva"))


STEPS = [modify, rename, move, rename_container, hide, show, members, delete, come_back]
