// SCIMMY (its routers on Express 4, or 5 with the word "express5") with resources in memory:
//   node scimmy.mjs PORT TOKEN [express5]
import {createRequire} from "node:module";
import {serve} from "./serve.mjs";

// Found in the current folder, where npm has put them.
const require = createRequire(process.cwd() + "/");
const [port, token, version] = process.argv.slice(2);
const express = require(version === "express5" ? "express5" : "express");
const SCIMMY = require("scimmy").default ?? require("scimmy");
const Routers = require("scimmy-routers").default ?? require("scimmy-routers");

let next = 1;

function declare(type) {
    const store = new Map();
    const find = (id) => {
        if (!store.has(id)) throw new SCIMMY.Types.Error(404, null, `Resource ${id} not found`);
        return store.get(id);
    };

    SCIMMY.Resources.declare(type, {
        egress: (resource) => resource.id ? find(resource.id) : [...store.values()],
        ingress: (resource, data) => {
            const now = new Date().toISOString();
            const old = resource.id ? find(resource.id) : null;
            const name = (r) => (r.userName ?? r.displayName).toLowerCase();
            for (const other of store.values()) {
                if (other.id !== resource.id && type === SCIMMY.Resources.User && name(other) === name(data))
                    throw new SCIMMY.Types.Error(409, "uniqueness", `${name(data)} is taken`);
            }
            const id = old?.id ?? `${type.name.toLowerCase()}-${next++}`;
            const stored = {...JSON.parse(JSON.stringify(data)), id,
                meta: {created: old?.meta.created ?? now, lastModified: now}};
            store.set(id, stored);
            return stored;
        },
        degress: (resource) => {
            find(resource.id);
            store.delete(resource.id);
        },
    });
}

SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser, false);
declare(SCIMMY.Resources.User);
declare(SCIMMY.Resources.Group);

const app = express();
app.use("/scim/v2", new Routers({
    type: "bearer",
    handler: (request) => {
        if (request.header("Authorization") !== `Bearer ${token}`) throw new Error("who are you?");
        return "galway";
    },
}));
serve(app, port);
