#!/usr/bin/env python3
"""Exchange Online as its documentation tells it, as far as mail contacts go: strict about cmdlets, parameters and their types.

Its state is a file, so that the bridge may die. Two doors: `exo_fake.py FOLDER` is a bridge (JSON lines on standard input and
output), and `serve` answers InvokeCommand. What goes wrong is said in FOLDER/faults.json: {"name": how often}.
"""
import fcntl
import json
import os
import pathlib
import re
import sys
import time
import uuid

TENANT = "abc.onmicrosoft.example"
TEXT, FLAG, SET, ADDRESSES = "text", "flag", "set", "addresses"
MAIL = {"Alias": TEXT, "DisplayName": TEXT, "ExternalEmailAddress": TEXT, "EmailAddresses": ADDRESSES, "Name": TEXT,
        "HiddenFromAddressListsEnabled": FLAG, "SimpleDisplayName": TEXT,
        **{f"CustomAttribute{i}": TEXT for i in range(1, 16)}, **{f"ExtensionCustomAttribute{i}": SET for i in range(1, 6)}}
PERSON = {**{name: TEXT for name in ("FirstName", "LastName", "Initials", "Title", "Department", "Company", "Office", "Phone",
                                     "MobilePhone", "HomePhone", "Fax", "Pager", "StreetAddress", "City", "StateOrProvince", "PostalCode",
                                     "CountryOrRegion", "TelephoneAssistant", "AssistantName", "WebPage", "Notes",
                                     "PhoneticDisplayName")},
          **{name: SET for name in ("OtherTelephone", "OtherHomePhone", "OtherFax", "PostOfficeBox")}}
GET = {"Identity": TEXT, "Filter": TEXT, "ResultSize": TEXT, "RecipientTypeDetails": TEXT}
CMDLETS = {
    "Get-OrganizationConfig": {},
    "Get-MailContact": GET,
    "Get-Contact": GET,
    "New-MailContact": {name: TEXT for name in ("Name", "ExternalEmailAddress", "Alias", "DisplayName", "FirstName", "LastName", "Initials")},
    "Set-MailContact": {"Identity": TEXT, **MAIL},
    "Set-Contact": {"Identity": TEXT, **PERSON},
    "Remove-MailContact": {"Identity": TEXT, "Confirm": FLAG},
}
# What both sides say, and nobody sets.
SHOWN = ["Guid", "Name", "ExternalDirectoryObjectId"]


class Refused(Exception):
    def __init__(self, code, text):
        super().__init__(f"Ex6F9304|Microsoft.Exchange.{code}|{text}")
        self.code = code


class Exchange:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.file, self.faults = self.folder / "exchange.json", self.folder / "faults.json"
        self.off = self.folder / "off"
        self.tokens = None  # a set: every token will do, and is put there

    def load(self):
        return json.loads(self.file.read_text()) if self.file.exists() else []

    def save(self, contacts):
        new = self.file.with_suffix(".new")
        new.write_text(json.dumps(contacts))
        new.rename(self.file)

    def fault(self, name):
        """Does it go wrong this time? {"name": [how often it goes well before, how often then]}"""
        if name.startswith("die before") and self.off.exists():
            return True
        with open(self.folder / "lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            faults = json.loads(self.faults.read_text()) if self.faults.exists() else {}
            well, ill = faults.get(name, [0, 0])
            if well > 0:
                faults[name] = [well - 1, ill]
            elif ill > 0:
                faults[name] = [0, ill - 1]
            if name in faults:
                self.faults.write_text(json.dumps(faults))
            return well == 0 and ill > 0

    def spoil(self, cmdlet, parameters, rows):
        """Rows that are well-formed and wrong."""
        if "Filter" in parameters and self.fault(f"another {cmdlet}"):
            rows = [c for c in self.load() if c["Guid"] not in {row["Guid"] for row in rows}][:1]
        if self.fault(f"nameless {cmdlet}"):
            rows = [{**rows[0], "Name": "", "Guid": ""}, *rows[1:]]
        if self.fault(f"object {cmdlet}"):
            rows = [{**rows[0], "DisplayName": {"x": 1}, "Title": {"x": 1}}, *rows[1:]]
        if self.fault(f"again {cmdlet}"):
            rows = rows + rows[:1]
        return rows[1:] if self.fault(f"fewer {cmdlet}") else rows

    def ends(self, cmdlet):
        """The command is done, and then there are no answers any more?"""
        if self.fault(f"off after {cmdlet}"):
            self.off.touch()
        return self.off.exists() or self.fault(f"die after {cmdlet}")

    def run(self, cmdlet, parameters, marked):
        """marked: what is @{Add=...} says so, as InvokeCommand wants it."""
        if cmdlet not in CMDLETS:
            raise Refused("CommandNotFoundException", f"{cmdlet} is not known")
        for name, value in parameters.items():
            self.check(cmdlet, name, value, marked)
        with open(self.folder / "lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            contacts = self.load()
            if cmdlet == "New-MailContact" and (self.folder / "race").exists():
                self.New_MailContact(contacts, parameters["Name"], "somebody@elsewhere.example")
            try:
                rows = getattr(self, cmdlet.replace("-", "_"))(contacts, **parameters)
            except Refused as refused:
                # An exception that galway does not know.
                if (self.folder / "odd").exists():
                    raise Refused("OddException", "no") from refused
                raise
            finally:
                if (self.folder / "race").exists():
                    self.save(contacts)
            if not cmdlet.startswith("Get-"):
                self.save(contacts)
                with open(self.folder / "log", "a", encoding="utf-8") as log:
                    log.write(json.dumps([cmdlet, parameters]) + "\n")
        return self.spoil(cmdlet, parameters, rows)

    @staticmethod
    def check(cmdlet, name, value, marked):
        kind = CMDLETS[cmdlet].get(name)
        texts = lambda v: isinstance(v, list) and v and all(isinstance(t, str) and t for t in v)
        if kind in (SET, ADDRESSES) and isinstance(value, dict):
            value = dict(value)
            if marked != (value.pop("@odata.type", None) == "#Exchange.GenericHashTable"):
                kind = None
            fits = value and all(k in ("Add", "Remove") and texts(v) for k, v in value.items())
        elif kind == FLAG:
            fits = isinstance(value, bool)
        elif kind == TEXT:
            fits = value is None or (isinstance(value, str) and value != "")
        else:
            fits = value is None or texts(value)
        if kind is None or not fits:
            raise Refused("ParameterBindingException", f"{cmdlet} -{name} {value!r}")

    @staticmethod
    def one(contacts, identity):
        """Documented of both sides is the Guid."""
        found = [c for c in contacts if c["Guid"] == identity]
        if not found:
            raise Refused("Configuration.Tasks.ManagementObjectNotFoundException", f"the object '{identity}' couldn't be found")
        return found[0]

    def get(self, contacts, Identity=None, Filter=None, ResultSize="1000", RecipientTypeDetails="MailContact"):
        assert RecipientTypeDetails == "MailContact"
        if Identity is not None:
            return [self.one(contacts, Identity)]
        if Filter is not None:
            match = re.fullmatch(r"(ExternalDirectoryObjectId|Name) -eq '((?:[^']|'')*)'", Filter)
            if match is None:
                raise Refused("InvalidFilter", Filter)
            contacts = [c for c in contacts if c[match[1]].lower() == match[2].replace("''", "'").lower()]
        return contacts if ResultSize == "Unlimited" else contacts[:int(ResultSize)]

    def Get_MailContact(self, contacts, **parameters):
        return [{k: c[k] for k in [*SHOWN, *MAIL, "IsDirSynced", "LegacyExchangeDN", "PrimarySmtpAddress"]}
                for c in self.get(contacts, **parameters)]

    def Get_Contact(self, contacts, **parameters):
        return [{k: c[k] for k in [*SHOWN, *PERSON]} for c in self.get(contacts, **parameters)]

    def Get_OrganizationConfig(self, _):
        return [{"Guid": "11111111-2222-4333-8444-555555555555", "Name": TENANT}]

    def New_MailContact(self, contacts, Name, ExternalEmailAddress, **more):
        address = ExternalEmailAddress if ":" in ExternalEmailAddress else "SMTP:" + ExternalEmailAddress
        contact = {**{k: "" if kind == TEXT else False if kind == FLAG else [] for k, kind in {**MAIL, **PERSON}.items()},
                   "Guid": str(uuid.uuid4()), "ExternalDirectoryObjectId": str(uuid.uuid4()), "IsDirSynced": False,
                   "Alias": re.sub(r"\W", "", Name), "DisplayName": Name, **more, "Name": Name}
        contact["LegacyExchangeDN"] = "/o=ExchangeLabs/cn=" + contact["Guid"]
        self.name(contacts, contact, Name)
        self.target(contacts, contact, address)
        contacts.append(contact)
        return self.Get_MailContact([contact], Identity=contact["Guid"])

    @staticmethod
    def name(contacts, contact, name):
        if name is None or len(name) > 64:
            raise Refused("InvalidName", f"'{name}'")
        if any(c is not contact and c["Name"].lower() == name.lower() for c in contacts):
            raise Refused("Data.Directory.ADObjectAlreadyExistsException", f"the name '{name}' is already being used")
        contact["Name"] = name

    def add_address(self, contacts, contact, address):
        kind = address.partition(":")[0]
        if not re.fullmatch(r"[A-Za-z0-9]+:.+", address):
            raise Refused("InvalidAddress", address)
        for other in contacts:
            if other is not contact and address.lower() in map(str.lower, other["EmailAddresses"]):
                raise Refused("Data.ProxyAddressExistsException", f"'{address}' is already being used by {other['Name']}")
        rest = [a for a in contact["EmailAddresses"] if a.lower() != address.lower()]
        if kind.isupper() and kind != "X500":
            rest = [kind.lower() + a[len(kind):] if a.startswith(kind + ":") else a for a in rest]
        contact["EmailAddresses"] = [*rest, address]

    def target(self, contacts, contact, address):
        self.add_address(contacts, contact, address)
        contact["ExternalEmailAddress"] = address
        contact["PrimarySmtpAddress"] = address.partition(":")[2]

    def Set_MailContact(self, contacts, Identity, EmailAddresses=None, ExternalEmailAddress=None, Name=None, **more):
        contact = self.one(contacts, Identity)
        if contact["IsDirSynced"]:
            raise Refused("InvalidOperationException", "the object is being synchronized from your on-premises organization")
        if Name is not None:
            self.name(contacts, contact, Name)
        if ExternalEmailAddress is not None:
            self.target(contacts, contact, ExternalEmailAddress)
        if isinstance(EmailAddresses, list):
            contact["EmailAddresses"], EmailAddresses = [], {"Add": EmailAddresses}
        for address in (EmailAddresses or {}).get("Remove", []):
            if address not in contact["EmailAddresses"]:
                raise Refused("InvalidAddress", f"{address} is not among them")
            contact["EmailAddresses"].remove(address)
        for address in (EmailAddresses or {}).get("Add", []):
            self.add_address(contacts, contact, address)
        if sum(a.startswith("SMTP:") for a in contact["EmailAddresses"]) != 1:
            raise Refused("NoPrimaryAddress", "there must be one primary SMTP address")
        self.put(contact, MAIL, more)
        return []

    def Set_Contact(self, contacts, Identity, **more):
        self.put(self.one(contacts, Identity), PERSON, more)
        return []

    @staticmethod
    def put(contact, kinds, values):
        for name, value in values.items():
            if isinstance(value, dict):
                value = [v for v in contact[name] if v not in value.get("Remove", [])] + value.get("Add", [])
            contact[name] = value if value is not None else "" if kinds[name] == TEXT else []

    def Remove_MailContact(self, contacts, Identity, Confirm=True):
        if Confirm:
            raise Refused("HostException", "nobody is there to confirm")
        contacts.remove(self.one(contacts, Identity))
        return []


def select(rows, names):
    return [{k: v for k, v in row.items() if not names or k in names} for row in rows]


# --- the bridge -------------------------------------------------------------------------------------------------
def say(line):
    sys.stdout.write((line if isinstance(line, str) else json.dumps(line)) + "\n")
    sys.stdout.flush()


def answer(exchange, request):
    number, cmdlet = request["id"], request["cmdlet"]
    if exchange.fault("busy") or exchange.fault(f"busy {cmdlet}"):
        say({"id": number, "error": {"code": "x", "message": "Micro delay applied. Actual delayed: 21956 msecs"}})
        return
    if exchange.fault(f"die before {cmdlet}"):
        os._exit(3)
    if exchange.fault(f"silent {cmdlet}"):
        time.sleep(60)
    try:
        rows = select(exchange.run(cmdlet, request["parameters"], False), request.get("select"))
    except Refused as refused:
        say({"id": number, "error": {"code": refused.code, "message": str(refused)}})
        return
    if exchange.ends(cmdlet):
        os._exit(3)
    if exchange.fault(f"garbage {cmdlet}"):
        say("WARNING: a line from somewhere else")
    if exchange.fault(f"other {cmdlet}"):
        say({"id": number + 1, "end": 0})
    if exchange.fault(f"long {cmdlet}"):
        say("x" * 3000000)
    pages = [rows[i:i + 7] for i in range(0, len(rows), 7)]
    if pages and exchange.fault(f"half {cmdlet}"):
        say({"id": number, "result": pages[0]})
        sys.stdout.write(json.dumps({"id": number, "result": rows})[:40])
        sys.stdout.flush()
        os._exit(3)
    if pages and exchange.fault(f"lacks {cmdlet}"):
        pages.pop()
    if pages and exchange.fault(f"shrinks {cmdlet}"):
        rows = rows[:len(rows) - len(pages.pop())]
    for page in pages:
        say({"id": number, "result": page})
    say({"id": number, "end": len(rows)})


def bridge(folder):
    exchange = Exchange(folder)
    with open(exchange.folder / "starts", "a", encoding="ascii") as starts:
        starts.write("x")
    for line in sys.stdin:
        answer(exchange, json.loads(line))


# --- InvokeCommand ------------------------------------------------------------------------------------------------
def invoke(exchange, handler, size):
    """An answer for fake.Server. size: the contacts a page that are to be asked for."""
    path, _, query = handler.path.partition("?")
    options = dict(part.split("=", 1) for part in query.split("&") if part)
    anchor = f"APP:SystemMailbox{{bb558c35-97f1-4cb9-8ff7-d53741dc928c}}@{TENANT}"
    if path != f"/adminapi/beta/{TENANT}/InvokeCommand" or handler.command != "POST":
        return handler.reply(404)
    if exchange.tokens is not None:
        exchange.tokens.add(handler.headers["Authorization"])
    elif handler.headers["Authorization"] != "Bearer S3CR3T":
        return handler.reply(401)
    if handler.headers["X-AnchorMailbox"] != anchor:
        return handler.reply(401)
    if handler.headers["Prefer"] != f"odata.maxpagesize={size}" or handler.headers["X-ResponseFormat"] != "json":
        return handler.reply(400)
    wanted = json.loads(handler.body)["CmdletInput"]
    cmdlet, at = wanted["CmdletName"], int(options.get("at", 0))
    if exchange.fault("busy") or exchange.fault(f"busy {cmdlet}"):
        return handler.reply(429, b"", Retry_After="1")
    if exchange.fault(f"die before {cmdlet}"):
        return handler.hang_up()
    try:
        rows = exchange.run(cmdlet, wanted["Parameters"], True)
    except Refused as refused:
        error = {"code": "BadRequest", "message": "Error executing cmdlet", "details": [{"code": "Client", "message": str(refused)}]}
        return handler.reply(400, json.dumps({"error": error}).encode(), Content_Type="application/json")
    if exchange.ends(cmdlet):
        return handler.hang_up()
    if exchange.fault(f"garbage {cmdlet}"):
        return handler.reply(200, b"<html>")
    rows = select(rows, options.get("$select", "").split(",") if "$select" in options else None)
    body = {"value": rows[at:at + size]}
    if at + size < len(rows):
        link = f"{handler.server.url}{path}?at={at + size}&$select={options.get('$select', '')}"
        if exchange.fault(f"elsewhere {cmdlet}"):
            link = link.replace("127.0.0.1", "127.0.0.2")
        if exchange.fault(f"circle {cmdlet}"):
            link = f"{handler.server.url}{path}?at=0"
        body["@odata.nextLink"] = link
    text = json.dumps(body).encode()
    if exchange.fault(f"half {cmdlet}"):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(text)))
        handler.end_headers()
        handler.wfile.write(text[:len(text) // 2])
        return handler.hang_up()
    return handler.reply(200, text, Content_Type="application/json")


if __name__ == "__main__":
    bridge(sys.argv[1])
