"""A SCIM 2.0 service in memory, on tests/web/fake.py, that can be told to do things as other services do, and wrong."""
import copy
import json
import random
import re
import time
import urllib.parse

import fake

LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ENTRA = "urn:ietf:params:scim:schemas:extension:Microsoft:Entra:2.0:User"
ENTRA_FILTERS = ("id", "userName", "externalId", "mailNickname")
NICKNAME = r"""[!#-'*-+\-./0-9=?A-Z^-~]{1,64}"""
KINDS = {"Users": "userName", "Groups": "displayName"}


class Service:
    """Options, all of which may be changed at any time:

    config     False: there is no ServiceProviderConfig
    cap        resources a page at most
    start      "ignored": every page is the first one
    shift      True: after the first page somebody is inserted in front; "swap": somebody in front goes, and one comes at the end
    half       the page (from 1) that has half of its resources
    broken     the page (from 1) that is cut within its JSON
    total      added to totalResults
    cursor     True: pages by cursor only; "loop": the same cursor for ever; "early": the first page is the last
    patch      True, False (501), "refused" (400), "wrong" (200, and nothing is done), "empty" (204)
    put        True, False (405), "wrong" (200, and nothing is done)
    nameless   what was made is answered by nothing
    bulk       None, or the form of a status: "text", "code", "number"; "mute": without any
    late       so many seconds more for each of the first four of these
    etag       True: meta.version, and If-Match counts, and is required for PATCH and PUT (428); "http": ETag headers of no meaning; "said": these, and
               it says that it has ETags
    bump       before each of the next so many PATCHes and PUTs somebody else makes a new version
    filter     "any" (case), "exact", "none" (finds nothing), "all" (finds everything), "refused"
    names      {"Resources": "resources"}: other names of members
    delete     False: says 204 and does nothing; "twice": 404, as where the first answer was lost
    lost       of the next so many POSTs the answer is lost, after they are done
    fails      of the next so many POSTs nothing is done: 503
    storm      each request is answered by 429, without Retry-After, with this chance
    spoil      what is wrong in each page: a name of fake.SPOILED
    delay      seconds before each answer
    password   True: a new user needs one, as at Entra's
    entra      True: as Entra's service: a new user needs a password and a mailNickname, pages have cursors only, no PUT, filters of ENTRA_FILTERS
    race       the name of a user whom somebody else makes just before
    another    "GET", "PATCH": this is answered about another resource, and a PATCH not done
    """

    def __init__(self, **options):
        self.options = {"config": True, "cap": 1000, "start": None, "shift": False, "half": 0, "broken": 0, "total": 0,
                        "cursor": False, "patch": True, "put": True, "bulk": None, "etag": False, "filter": "any",
                        "names": {}, "delete": True, "lost": 0, "fails": 0, "delay": 0, "password": False, "race": None,
                        "storm": 0, "spoil": None, "late": 0, "nameless": False, "bump": 0, "entra": False, "another": None}
        self.options.update(options)
        if self.options["entra"]:
            self.options.update(config=False, cursor=True, names={"Resources": "resources"}, patch="empty", put=False, password=True)
        self.kinds = {"Users": {}, "Groups": {}}
        self.next = 1
        self.bulks = 0
        self.chance = random.Random(1)
        self.pages = 0

    # --- what tests do
    def put(self, kind="Users", **resource):
        resource["id"] = resource.get("id", f"{kind[0].lower()}-{self.next:05}")
        self.next += 1
        self.kinds[kind][resource["id"]] = self.stamp(resource)
        return resource["id"]

    def named(self, name, kind="Users"):
        found = [r for r in self.kinds[kind].values() if r[KINDS[kind]].lower() == name.lower()]
        return found[0] if found else None

    # --- the service
    def stamp(self, resource):
        meta = resource.setdefault("meta", {"created": "2026-11-21T10:00:00Z"})
        meta["lastModified"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        if self.options["etag"] is True:
            meta["version"] = f'W/"{int(re.sub("[^0-9]", "", meta.get("version", "0"))) + 1}"'
        return resource

    def __call__(self, r):
        time.sleep(self.options["delay"])
        url = urllib.parse.urlsplit(r.path)
        parts = [urllib.parse.unquote(p) for p in url.path.split("/") if p]
        query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        if r.headers.get("Authorization") != "Bearer S3CR3T":
            return r.reply(401, b"who are you?")
        if self.chance.random() < self.options["storm"]:
            return self.error(r, 429, "too many requests")
        if parts[:2] != ["scim", "v2"]:
            return r.reply(404, b"not here")
        if len(parts) > 2 and parts[2] == "ServiceProviderConfig":
            return self.say_config(r)
        if len(parts) > 2 and parts[2] == "Bulk" and self.options["bulk"]:
            return self.bulk(r)
        if len(parts) < 3 or parts[2] not in KINDS:
            return self.error(r, 404, "no such endpoint")
        body = json.loads(r.body) if r.body else None
        if r.command == "GET" and len(parts) == 3:
            return self.list(r, parts[2], query)
        if r.command == "POST" and self.options["fails"] > 0:
            self.options["fails"] -= 1
            return self.error(r, 503, "not now")
        if r.command == "POST" and self.options["race"] is not None and body.get("userName") == self.options["race"]:
            self.put(userName=self.options["race"], displayName="Somebody else")
            self.options["race"] = None
        status, answer = self.one(r.command, parts[2], parts[3] if len(parts) > 3 else None, body, r.headers.get("If-Match"))
        if r.command == "POST" and self.options["lost"] > 0:
            self.options["lost"] -= 1
            return r.hang_up()
        return self.send(r, status, None if status == 201 and self.options["nameless"] else answer)

    def send(self, r, status, answer):
        headers = {"Content_Type": "application/scim+json"}
        if self.options["etag"] in ("http", "said"):
            headers["ETag"] = f'W/"{hash(str(answer)) % 1000}"'
        return r.reply(status, b"" if answer is None else json.dumps(answer).encode(), **headers)

    def error(self, r, status, detail, kind=None):
        return self.send(r, status, self.error_body(status, detail, kind))

    def error_body(self, status, detail, kind=None):
        body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": str(status), "detail": detail}
        return {**body, "scimType": kind} if kind else body

    def say_config(self, r):
        o = self.options
        if not o["config"]:
            return self.error(r, 404, "nothing is said")
        return self.send(r, 200, {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
            "patch": {"supported": o["patch"] is not False}, "filter": {"supported": True, "maxResults": o["cap"]},
            "bulk": {"supported": o["bulk"] is not None, "maxOperations": 10, "maxPayloadSize": 1048576},
            "etag": {"supported": o["etag"] in (True, "said")}, "pagination": {"cursor": bool(o["cursor"]), "index": not o["cursor"]}})

    def matches(self, kind, text):
        """The resources that a filter finds; None: it is refused."""
        o, resources = self.options["filter"], list(self.kinds[kind].values())
        m = re.fullmatch(r'([\w.:]+) eq ("(?:[^"\\]|\\.)*")', text)
        if o == "refused" or m is None:
            return None
        if o in ("none", "all"):
            return resources if o == "all" else []
        if self.options["entra"] and m[1] not in ENTRA_FILTERS:
            return None
        path, wanted = m[1].split("."), json.loads(m[2])

        def values(node, path):
            if isinstance(node, list):
                return [v for one in node for v in values(one, path)]
            if not path:
                return [node]
            return values(node[path[0]], path[1:]) if isinstance(node, dict) and path[0] in node else []
        fold = (lambda s: str(s).lower()) if o == "any" and path != ["externalId"] else str
        return [r for r in resources if fold(wanted) in [fold(v) for v in values(r, path)]]

    def list(self, r, kind, query):
        o = self.options
        found = list(self.kinds[kind].values())
        if "filter" in query:
            found = self.matches(kind, query["filter"])
            if found is None:
                return self.error(r, 400, "no such filter", "invalidFilter")
            return self.page(r, found, 1, len(found), {"totalResults": len(found)})
        if self.options["entra"] and "startIndex" in query:
            return self.error(r, 400, "pages have cursors", "invalidValue")
        self.pages += 1
        count = min(int(query.get("count", o["cap"])), o["cap"])
        if o["cursor"]:
            at = 1 if o["cursor"] == "loop" or not query.get("cursor") else int(query["cursor"])
            more = {"nextCursor": str(at + count)} if at + count <= len(found) else {}
            if o["cursor"] == "early":
                more = {"totalResults": len(found)}
            return self.page(r, found, at, count, more)
        start = 1 if o["start"] == "ignored" else max(1, int(query.get("startIndex", 1)))
        if o["half"] == self.pages:
            count //= 2
        self.page(r, found, start, count, {"totalResults": len(found) + o["total"],
                                           **({} if o["start"] else {"startIndex": start})})
        if o["shift"] and self.pages == 1:
            key = f"first-{self.next}"
            self.next += 1
            if o["shift"] == "swap":
                self.kinds[kind].pop(next(iter(self.kinds[kind])))
                self.kinds[kind][key] = {"id": key, KINDS[kind]: key}
                return
            self.kinds[kind] = {key: {"id": key, KINDS[kind]: key}, **self.kinds[kind]}

    def page(self, r, found, start, count, more):
        resources = found[start - 1:start - 1 + count]
        names = self.options["names"]
        answer = {"schemas": [LIST], "itemsPerPage": len(resources), "Resources": resources, **more}
        text = json.dumps({names.get(k, k): v for k, v in answer.items()}).encode()
        if self.options["broken"] == self.pages:
            text = text[:len(text) // 2]
        more = {}
        if self.options["spoil"]:
            text, more = fake.spoil(text, self.options["spoil"])
        r.reply(200, text, Content_Type="application/scim+json", **more)

    def one(self, method, kind, key, body, if_match=None):
        """(status, answer) of a request for one resource."""
        store = self.kinds[kind]
        if method == "POST":
            if self.options["password"] and kind == "Users" and not body.get("password"):
                return 400, self.error_body(400, "a password is required", "invalidValue")
            if self.options["entra"] and kind == "Users" and not re.fullmatch(NICKNAME, body.get(ENTRA, {}).get("mailNickname", "")):
                return 400, self.error_body(400, "a mailNickname is required", "invalidValue")
            if kind == "Users" and self.named(body["userName"]):
                return 409, self.error_body(409, "taken", "uniqueness")
            if not {k for k in body if k.startswith("urn:")} <= set(body["schemas"]):
                return 400, self.error_body(400, "a schema is not listed", "invalidSyntax")
            return 201, store[self.put(kind, **body)]
        if key not in store:
            return 404, self.error_body(404, "not there")
        if method in ("PATCH", "PUT") and self.options["etag"] is True and if_match is None:
            return 428, self.error_body(428, "which version?")
        if method in ("PATCH", "PUT") and self.options["bump"] > 0:
            self.options["bump"] -= 1
            self.stamp(store[key])
        if if_match is not None and (self.options["etag"] is not True or if_match != store[key]["meta"].get("version")):
            return 412, self.error_body(412, "it changed meanwhile")
        if method == "GET":
            return 200, {**store[key], "id": "another"} if self.options["another"] == "GET" else store[key]
        if method == "DELETE":
            if self.options["delete"]:
                del store[key]
            return (404, self.error_body(404, "not there")) if self.options["delete"] == "twice" else (204, None)
        if method == "PUT":
            if not self.options["put"]:
                return 405, self.error_body(405, "no PUT")
            if self.options["put"] == "wrong":
                return 200, store[key]
            store[key] = self.stamp({**body, "id": key, "meta": store[key]["meta"]})
            return 200, store[key]
        return self.patch(store, key, body)

    def patch(self, store, key, body):
        o = self.options["patch"]
        if o is False:
            return 501, self.error_body(501, "no PATCH")
        if o == "refused":
            return 400, self.error_body(400, "no such path", "invalidPath")
        if o == "wrong":
            return 200, store[key]
        resource = copy.deepcopy(store[key])
        for op in body["Operations"]:
            self.operate(resource, op)
        if self.options["another"] == "PATCH":
            return 200, {**resource, "id": "another"}
        store[key] = self.stamp(resource)
        return (204, None) if o == "empty" else (200, store[key])

    def operate(self, resource, op):
        urn = re.fullmatch(r"(urn:.*:User):(\w+)", op["path"])
        path = [urn[1], urn[2]] if urn else op["path"].split(".")
        member = re.fullmatch(r'members\[value eq "(.*)"\]', op["path"])
        if member:
            resource["members"] = [m for m in resource.get("members", []) if m["value"] != member[1]]
            return
        node = resource
        for name in path[:-1]:
            node = node.setdefault(name, {})
        if op["op"] == "remove":
            node.pop(path[-1], None)
        elif op["op"] == "add" and isinstance(op["value"], list):
            node[path[-1]] = node.get(path[-1], []) + [v for v in op["value"] if v not in node.get(path[-1], [])]
        else:
            node[path[-1]] = op["value"]

    def bulk(self, r):
        results = []
        self.bulks += 1
        time.sleep(self.options["late"] * min(self.bulks, 4))
        for op in json.loads(r.body)["Operations"]:
            parts = op["path"].strip("/").split("/")
            status, answer = self.one(op["method"], parts[0], parts[1] if len(parts) > 1 else None, op.get("data"))
            form = {"text": str(status), "code": {"code": str(status)}, "number": status, "mute": None}[self.options["bulk"]]
            result = {"method": op["method"], "bulkId": op.get("bulkId"), "status": form}
            if status == 201:
                result["location"] = f"/scim/v2/{parts[0]}/{answer['id']}"
            if status >= 400:
                result["response"] = answer
            results.append({k: v for k, v in result.items() if v is not None})
        self.send(r, 200, {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkResponse"], "Operations": results[::-1]})


def serve(service, folder=None, cert=None, port=0):
    return fake.Server(service, folder, cert, port=port)
