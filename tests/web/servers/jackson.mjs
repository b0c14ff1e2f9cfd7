// SAML Jackson's directory sync, with its memory store:   node jackson.mjs PORT
// It prints "ready PATH TOKEN": where SCIM is, below http[s]://127.0.0.1:PORT. GET /seen: what it was asked.
import {createRequire} from "node:module";
import {scheme, serve} from "./serve.mjs";

// Found in the current folder, where npm has put them.
const require = createRequire(process.cwd() + "/");
const {controllers: jackson} = require("@boxyhq/saml-jackson");

const [port] = process.argv.slice(2);
const url = `${scheme}://127.0.0.1:${port}`;
const {directorySyncController: sync} = await jackson({
    externalUrl: url, samlPath: "/saml", oidcPath: "/oidc", scimPath: "/scim", samlAudience: "x", db: {engine: "mem", ttl: 3600},
    noAnalytics: true, logger: {info() {}, warn() {}, error() {}},
});
const {data} = await sync.directories.create({name: "galway", tenant: "t", product: "p", type: "generic-scim-v2"});
const {path, secret} = data.scim;

serve(async (request, response) => {
    let text = "";
    for await (const part of request) text += part;
    const at = new URL(request.url, url), parts = at.pathname.slice(path.length).split("/").filter(Boolean);
    const query = Object.fromEntries(at.searchParams);
    let status = 404, answer = {};
    try {
        ({status, data: answer} = await sync.requests.handle({
            method: request.method, body: text ? JSON.parse(text) : undefined, directoryId: data.id,
            resourceType: parts[0]?.toLowerCase(), resourceId: parts[1], apiSecret: request.headers.authorization?.split(" ")[1],
            query: {...query, count: query.count && Number(query.count), startIndex: query.startIndex && Number(query.startIndex)},
        }, async () => {}));
    } catch (e) {
        status = 500;
        answer = {message: String(e)};
    }
    response.writeHead(status, {"content-type": "application/scim+json"});
    response.end(answer === undefined || answer === null ? "" : JSON.stringify(answer));
}, port, `ready ${path} ${secret}`);
