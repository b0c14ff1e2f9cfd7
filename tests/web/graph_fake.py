"""Microsoft Graph in memory, on tests/web/fake.py: strict in what it is asked, and able to do what Graph does and what it should not.

What is not asked as Microsoft documents it is answered by 400 and written to Service.complaints, which a test wants empty.
"""
import copy
import json
import random
import re
import urllib.parse
import uuid

import fake

TENANT = "abc.example"
COMMON = "id onPremisesSyncEnabled onPremisesLastSyncDateTime displayName mail mailNickname proxyAddresses"
SELECT = {
    "users": f"{COMMON} accountEnabled userPrincipalName userType otherMails imAddresses givenName surname jobTitle department companyName "
             "employeeId employeeType officeLocation businessPhones mobilePhone faxNumber streetAddress city state postalCode country "
             "usageLocation preferredLanguage showInAddressList onPremisesImmutableId onPremisesSamAccountName "
             "onPremisesDistinguishedName onPremisesUserPrincipalName onPremisesDomainName assignedPlans assignedLicenses "
             "provisionedPlans createdDateTime onPremisesExtensionAttributes manager",
    "groups": f"{COMMON} description mailEnabled securityEnabled groupTypes onPremisesSamAccountName createdDateTime members",
    "contacts": f"{COMMON} givenName surname jobTitle department companyName phones addresses manager",
    "personal": "id displayName givenName surname middleName initials title generation jobTitle department companyName officeLocation "
                "businessPhones mobilePhone homePhones imAddresses emailAddresses businessAddress businessHomePage personalNotes",
}
SELECT = {kind: set(names.split()) for kind, names in SELECT.items()}
READ_ONLY = {"id", "proxyAddresses", "imAddresses", "assignedPlans", "assignedLicenses", "provisionedPlans", "userType", "createdDateTime"}
MASTERED = ("Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing "
            "migration.")
EXTERNAL = "Unable to update the specified properties for objects that have originated within an external service."


class Service:
    """Options, which may be changed at any time:

    page       objects a page
    throttle   of the next so many requests each is answered by 429, Retry-After 1
    storm      each request is answered by 429, without Retry-After, with this chance
    spoil      what is wrong in each answer to a GET: a name of fake.SPOILED
    gone       410 for every deltaLink
    code       (status, code) for every deltaLink
    half       the page (from 1) without nextLink and deltaLink
    elsewhere  the host that a nextLink leads to
    loop       a nextLink leads to its own page
    broken     the page that is cut within its JSON
    repeat     every object comes again, at the end, with its id and its name only
    lost       of the next so many POSTs that make somebody the answer is lost, after they are done
    late       so many PATCHes of a new guest find nobody
    denied     users are not to be changed: 403
    count      added to @odata.count
    beta       onPremisesSyncBehavior is in beta only
    refuse     nobody may write it
    mute       what is asked of it is answered without it
    wrapped    it is within "value", as one of Microsoft's pages shows it
    nameless   what is made, and who is invited, is answered without its id
    noname     an object is read without its name; an id: it alone, and it comes so on its page
    together   a new contact is answered when so many requests have been under way at once
    twice      a contact that is deleted is answered by 404, as where the first answer was lost
    anybody    every token will do; those that came are in Service.bearers
    promote    [n, id]: when n rounds more were read this guest becomes a member
    """

    def __init__(self, **options):
        self.options = {"page": 10, "throttle": 0, "storm": 0, "spoil": None, "gone": False, "code": None, "half": 0, "elsewhere": None, "loop": False, "broken": 0,
                        "repeat": False, "lost": 0, "late": 0, "count": 0, "beta": False, "refuse": False, "mute": False, "wrapped": False, "together": 0, "twice": False, "anybody": False,
                        "promote": None, "nameless": False, "noname": False, "denied": False}
        self.options.update(options)
        self.kinds = {"users": {}, "groups": {}, "contacts": {}}
        self.events = {"users": [], "groups": [], "contacts": []}  # (id, what it said: changed properties or @removed)
        self.folders = {}  # mailbox: {id: (name, {id: contact})}
        self.managed, self.complaints, self.queries, self.pages, self.bearers = {}, [], {}, 0, set()
        self.exchange = set()  # ids of users who came from Exchange
        self.url, self.chance, self.stormed = None, random.Random(1), 0

    # --- what tests do
    def put(self, kind="users", **properties):
        properties["id"] = properties.get("id", str(uuid.uuid4()))
        self.kinds[kind][properties["id"]] = properties
        self.events[kind].append((properties["id"], dict(properties)))
        return properties["id"]

    def user(self, n, **more):
        return self.put(**{"userPrincipalName": f"user{n}@{TENANT}", "displayName": f"User {n}", "mail": f"user{n}@{TENANT}",
                           "userType": "Member", "givenName": "User", "surname": f"No{n}", "businessPhones": [f"+1 555 {n}"], **more})

    def change(self, key, kind="users", **properties):
        self.kinds[kind][key].update(properties)
        self.events[kind].append((key, properties))

    def remove(self, key, kind="users", reason="deleted"):
        del self.kinds[kind][key]
        self.events[kind].append((key, {"@removed": {"reason": reason}}))

    # --- the service
    def __call__(self, r):
        o = self.options
        url = urllib.parse.urlsplit(r.path)
        parts = [urllib.parse.unquote(p) for p in url.path.split("/") if p]
        if o["together"] and r.command == "POST" and parts[-1:] == ["contacts"]:
            r.server.meet(o["together"])
        query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        if url.path == f"/{TENANT}/oauth2/v2.0/token":
            return self.token(r)
        self.bearers.add(r.headers.get("Authorization", "").removeprefix("Bearer "))
        if not o["anybody"] and r.headers.get("Authorization") != "Bearer T0KEN":
            return self.error(r, 401, "InvalidAuthenticationToken", "Access token is empty.")
        if not re.fullmatch(r"[0-9a-f-]{36}", r.headers.get("client-request-id", "")):
            return self.complain(r, "no client-request-id")
        if o["throttle"] > 0:
            o["throttle"] -= 1
            return self.error(r, 429, "TooManyRequests", "Too many requests", Retry_After="1")
        if self.chance.random() < o["storm"]:
            self.stormed += 1
            return self.error(r, 429, "TooManyRequests", "Too many requests")
        if r.command == "POST" and o["lost"] > 0 and parts[-1:] in (["contacts"], ["invitations"]):
            o["lost"] -= 1
            self.route("POST", parts, query, r)
            return r.hang_up()
        status, answer = self.route(r.command, parts, query, r)
        text, more = b"" if answer is None else json.dumps(answer).encode(), {}
        if o["broken"] and isinstance(answer, dict) and "value" in answer and self.pages == o["broken"]:
            text = text[:len(text) // 2]
        if o["spoil"] and r.command == "GET":
            text, more = fake.spoil(text, o["spoil"])
        return r.reply(status, text, Content_Type="application/json", **more)

    def token(self, r):
        form = dict(urllib.parse.parse_qsl(r.body.decode()))
        wanted = {"grant_type": "client_credentials", "client_id": "galway", "client_secret": "S3CR3T", "scope": f"{self.url}/.default"}
        if form != wanted:
            return self.complain(r, f"token: {form}")
        return r.reply(200, json.dumps({"access_token": "T0KEN", "token_type": "Bearer", "expires_in": 3599}).encode(),
                       Content_Type="application/json")

    def body_of_error(self, code, message):
        return {"error": {"code": code, "message": message, "innerError": {"request-id": str(uuid.uuid4())}}}

    def error(self, r, status, code, message, **headers):
        return r.reply(status, json.dumps(self.body_of_error(code, message)).encode(), Content_Type="application/json", **headers)

    def complain(self, r, what):
        self.complaints.append(f"{r.command} {r.path}: {what}")
        return self.error(r, 400, "BadRequest", what)

    def bad(self, r, what):
        self.complaints.append(f"{r.command} {r.path}: {what}")
        return 400, self.body_of_error("BadRequest", what)

    def absent(self):
        return 404, self.body_of_error("Request_ResourceNotFound", "Resource does not exist.")

    def route(self, method, parts, query, r):
        version, parts = parts[0], parts[1:]
        if version not in ("v1.0", "beta") or not parts:
            return self.bad(r, "no such version")
        if method in ("POST", "PATCH") and r.headers.get("Content-Type") != "application/json":
            return self.bad(r, "Content-Type")
        body = json.loads(r.body) if r.body else None
        if parts == ["invitations"]:
            return self.invite(r, method, body)
        if len(parts) > 2 and parts[0] == "users" and parts[2] == "contactFolders":
            return self.mailbox(r, method, parts[1], parts[3:], query, body)
        if parts[0] not in self.kinds:
            return self.bad(r, "no such resource")
        if parts[1:] == ["delta"] and method == "GET":
            return self.delta(r, parts[0], query)
        if parts[2:] == ["onPremisesSyncBehavior"]:
            return self.behavior(r, version, method, parts, query, body)
        if version != "v1.0":
            return self.bad(r, "beta")
        if parts[2:] == ["members"] and parts[0] == "groups":
            group = self.kinds["groups"].get(parts[1])
            return self.absent() if group is None else self.list(r, [{"id": m} for m in group.get("members", [])], query, ["groups", parts[1], "members"])
        if len(parts) == 1 and method == "GET":
            return self.collection(r, parts[0], query)
        if len(parts) == 2:
            return self.one(r, method, parts[0], parts[1], query, body)
        return self.bad(r, "no such path")

    def behavior(self, r, version, method, parts, query, body):
        if version == "v1.0" and self.options["beta"]:
            return 400, self.body_of_error("BadRequest", "Resource not found for the segment 'onPremisesSyncBehavior'.")
        if parts[1] not in self.kinds[parts[0]] or self.managed.get(parts[1], False) is None:
            return self.absent()
        if query or method not in ("GET", "PATCH"):
            return self.bad(r, "onPremisesSyncBehavior takes neither")
        if method == "PATCH" and (set(body) != {"isCloudManaged"} or not isinstance(body["isCloudManaged"], bool)):
            return self.bad(r, str(body))
        if self.options["mute"]:
            return 200, {"id": parts[1]}
        if method == "PATCH" and self.options["refuse"]:
            return 403, self.body_of_error("Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
        if method == "PATCH":
            self.managed[parts[1]] = body["isCloudManaged"]
        answer = {"@odata.type": "#microsoft.graph.onPremisesSyncBehavior", "id": parts[1], "isCloudManaged": self.managed.get(parts[1], False)}
        return 200, {"value": answer} if self.options["wrapped"] and method == "GET" else answer

    def shown(self, o, names):
        return {k: v for k, v in o.items() if k == "id" or k in names}

    def names(self, r, kind, query, allowed):
        if not set(query) <= allowed:
            return None
        names = query.get("$select", "").split(",")
        return names if set(names) <= SELECT[kind] and len(set(names)) == len(names) else None

    def collection(self, r, kind, query):
        names = self.names(r, kind, query, {"$select", "$top", "$filter"})
        if names is None:
            return self.bad(r, "query")
        found = list(self.kinds[kind].values())
        if "$filter" in query:
            m = re.fullmatch(r"mail eq '((?:[^']|'')*)'", query["$filter"])
            if not m:
                return self.bad(r, "$filter")
            found = [u for u in found if (u.get("mail") or "").lower() == m[1].replace("''", "'").lower()]
        return 200, {"value": [self.shown(u, names) for u in found[:int(query.get("$top", 100))]]}

    def one(self, r, method, kind, key, query, body):
        store = self.kinds[kind]
        if key not in store:
            return self.absent()
        if method == "GET":
            names = self.names(r, kind, query, {"$select", "$expand"})
            if names is None or "manager" in names or "members" in names:
                return self.bad(r, "query")
            answer = self.shown(store[key], set(names) - ({"userPrincipalName"} if self.options["noname"] in (True, key) else set()))
            if query.get("$expand") == "manager($select=id)" and store[key].get("manager"):
                answer["manager"] = {"@odata.type": "#microsoft.graph.user", "id": store[key]["manager"]}
            elif query.get("$expand", "manager($select=id)") != "manager($select=id)":
                return self.bad(r, "$expand")
            return 200, answer
        if kind != "users":
            return self.bad(r, "read-only")
        if method == "DELETE":
            self.remove(key, reason="changed")
            return 204, None
        if method != "PATCH" or not set(body) <= SELECT["users"] - READ_ONLY:
            return self.bad(r, f"{method} {body}")
        if store[key].get("onPremisesSyncEnabled"):
            return 400, self.body_of_error("Request_BadRequest", MASTERED)
        if key in self.exchange:
            return 400, self.body_of_error("Request_BadRequest", EXTERNAL)
        if self.options["denied"]:
            return 403, self.body_of_error("Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
        if self.options["late"] > 0:
            self.options["late"] -= 1
            return self.absent()
        if not isinstance(body.get("businessPhones", []), list) or len(body.get("businessPhones", [])) > 1:
            return self.bad(r, "businessPhones")
        self.change(key, **body)
        return 204, None

    def invite(self, r, method, body):
        if method != "POST" or set(body) - {"invitedUserDisplayName"} != {"invitedUserEmailAddress", "inviteRedirectUrl", "invitedUserType",
                                                                          "sendInvitationMessage"} or body["sendInvitationMessage"]:
            return self.bad(r, str(body))
        mail = body["invitedUserEmailAddress"]
        there = [u for u in self.kinds["users"].values() if (u.get("mail") or "").lower() == mail.lower()]
        key = there[0]["id"] if there else self.put(
            userPrincipalName=mail.replace("@", "_") + f"#EXT#@{TENANT}", mail=mail, userType="Guest", showInAddressList=False,
            displayName=body.get("invitedUserDisplayName", mail))
        return 201, {"id": str(uuid.uuid4()), "status": "PendingAcceptance", "invitedUser": {} if self.options["nameless"] else {"id": key}}

    # --- delta queries
    def delta(self, r, kind, query):
        o = self.options
        token = query.get("$deltatoken") or query.get("$skiptoken")
        if token is None:
            names = self.names(r, kind, query, {"$select"})
            if names is None:
                return self.bad(r, "query")
            state = {"select": names, "from": None, "upto": len(self.events[kind]), "at": 0}
        else:
            if set(query) - {"$deltatoken", "$skiptoken"} or token not in self.queries:
                return self.bad(r, "a token of ours alone")
            state = dict(self.queries[token])
            if "$deltatoken" in query:
                if o["gone"]:
                    return 410, self.body_of_error("resyncRequired", "Resync is required.")
                if o["code"]:
                    return o["code"][0], self.body_of_error(o["code"][1], "No.")
                state.update({"from": state["upto"], "upto": len(self.events[kind]), "at": 0})
        items = self.items(kind, state)
        page = items[state["at"]:state["at"] + o["page"]]
        self.pages += 1
        state["at"] += len(page)
        answer = {"@odata.context": "x", "value": page}
        if o["half"] == self.pages:
            return 200, answer
        more = state["at"] < len(items)
        key = str(uuid.uuid4())
        self.queries[key] = state
        link = f"{o['elsewhere'] or self.url}/v1.0/{kind}/delta?{'$skiptoken' if more else '$deltatoken'}={key}"
        if o["loop"]:
            more, link = True, f"{self.url}/v1.0/{kind}/delta?$skiptoken=loop"
            self.queries["loop"] = state
        answer["@odata.nextLink" if more else "@odata.deltaLink"] = link
        if not more and o["promote"]:
            o["promote"][0] -= 1
            if o["promote"][0] == 0:
                self.kinds["users"][o["promote"][1]]["userType"] = "Member"
        return 200, answer

    def item(self, key, said, select):
        if "@removed" in said:
            return {"id": key, **said}
        answer = {k: v for k, v in said.items() if k in select and k not in ("manager", "members")}
        if self.options["noname"] == key:
            answer.pop("userPrincipalName", None)
        for name in ("manager", "members"):
            if name in select and said.get(name):
                ids = said[name] if isinstance(said[name], list) else [said[name]]
                answer[name + "@delta"] = [{"@odata.type": "#microsoft.graph.user", "id": i} for i in ids]
        return {"id": key, **answer}

    def items(self, kind, state):
        events = self.events[kind]
        if state["from"] is not None:
            return [self.item(key, said, state["select"]) for key, said in events[state["from"]:state["upto"]]]
        now = copy.deepcopy(self.kinds[kind])
        items = [self.item(key, o, state["select"]) for key, o in now.items()]
        # Who was removed comes in a first round too.
        items += [self.item(key, said, []) for key, said in events if "@removed" in said and key not in now]
        if self.options["repeat"]:
            items = [{"id": i["id"], "displayName": "Of long ago"} for i in items] + items
            items += [{"id": i["id"], "displayName": now[i["id"]]["displayName"]} for i in items[len(items) // 2:] if i["id"] in now]
        return items

    def list(self, r, objects, query, path):
        """Pages by $skip, which is in the link only."""
        if query.get("$count") != "true":
            return self.bad(r, "$count")
        at, size = int(query.get("$skip", 0)), min(self.options["page"], int(query["$top"]))
        answer = {"@odata.count": len(objects) + self.options["count"], "value": objects[at:at + size]}
        if at + size < len(objects):
            q = urllib.parse.urlencode({**query, "$skip": at + size})
            answer["@odata.nextLink"] = f"{self.options['elsewhere'] or self.url}/v1.0/{'/'.join(map(urllib.parse.quote, path))}?{q}"
        return 200, answer

    # --- mailboxes
    def mailbox(self, r, method, box, rest, query, body):
        if r.headers.get("Prefer") != 'IdType="ImmutableId"':
            return self.bad(r, "Prefer")
        if box not in self.folders:
            return self.absent()
        folders = self.folders[box]
        if not rest and method == "GET":
            return self.list(r, [{"id": k, "displayName": f[0]} for k, f in folders.items()], query, ["users", box, "contactFolders"])
        if not rest and method == "POST" and set(body) == {"displayName"}:
            key = "AAMk" + uuid.uuid4().hex + "="
            folders[key] = (body["displayName"], {})
            return 201, {"id": key, **body}
        if len(rest) < 2 or rest[0] not in folders or rest[1] != "contacts":
            return self.bad(r, "no such path")
        return self.contact(r, method, ["users", box, "contactFolders", *rest], folders[rest[0]][1], rest[2] if len(rest) > 2 else None, query, body)

    def contact(self, r, method, path, store, key, query, body):
        if method in ("POST", "PATCH") and not set(body) <= SELECT["personal"] - {"id"} | {"singleValueExtendedProperties"}:
            return self.bad(r, str(body))
        if method == "POST":
            key = "AAMk" + uuid.uuid4().hex + "="
            store[key] = {"id": key, **body}
            return 201, body if self.options["nameless"] else store[key]
        if key is not None and key not in store:
            return self.absent()
        if method == "DELETE":
            del store[key]
            return self.absent() if self.options["twice"] else (204, None)
        if method == "PATCH":
            # Properties that are not named stay.
            old = {p["id"]: p for p in store[key].get("singleValueExtendedProperties", [])}
            old.update({p["id"]: p for p in body.pop("singleValueExtendedProperties", [])})
            store[key].update(body)
            store[key]["singleValueExtendedProperties"] = list(old.values())
            return 200, store[key]
        names = self.names(r, "personal", {k: v for k, v in query.items() if k != "$skip"}, {"$select", "$expand", "$top", "$count"})
        m = re.fullmatch(r"singleValueExtendedProperties\(\$filter=id eq '(.*)' or id eq '(.*)'\)", query.get("$expand", ""))
        if names is None or m is None or (key is None) != ("$top" in query):
            return self.bad(r, "query")

        def one(c):
            ours = [p for p in c.get("singleValueExtendedProperties", []) if p["id"] in m.groups()]
            return {**self.shown(c, names), **({"singleValueExtendedProperties": ours} if ours else {})}
        if key is not None:
            return 200, one(store[key])
        return self.list(r, [one(c) for c in store.values()], query, path)


def serve(service, front=None, folder=None):
    """server.url: where Graph is to be had; server.login: where tokens are. front: graph_api.Prism, through which all else is asked, in clear.
    folder: of fake.certificate "server", for TLS."""
    server = fake.Server(service, port=front.upstream) if front else fake.Server(service, folder, "server" if folder else None)
    server.login = server.url
    server.keeps = front is None  # the next service has the same port, and must not be taken for this one
    service.url = server.url = front.url if front else server.url
    return server
