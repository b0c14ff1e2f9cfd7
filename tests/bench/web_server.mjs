// A SCIM service and Microsoft Graph for measuring: N users in memory, every answer DELAY milliseconds later; HTTP/2 or 1.1 over TLS.
//   node web_server.mjs PORT KEY CERT N DELAY PAGE
// What is made is said, and nothing is kept. GET /seen: the paths of the pages since the last time. PAGE: users a page of Graph's.
import fs from "node:fs";
import http2 from "node:http2";

const [port, key, cert, n, delay, size] = process.argv.slice(2);
const url = `https://127.0.0.1:${port}`;
const people = Array.from({length: Number(n)}, (_, i) => JSON.stringify({
    id: `00000000-0000-4000-8000-${String(i).padStart(12, "0")}`, userPrincipalName: `user${i}@abc.example`, displayName: `Given Family ${i}`,
    givenName: `Given ${i}`, surname: `Family ${i}`, mail: `user${i}@abc.example`, department: `Department ${i % 50}`, jobTitle: "Engineer",
    businessPhones: [`+1 555 ${i}`], mobilePhone: `+1 556 ${i}`, streetAddress: `${i} Main Street`, city: "Springfield", postalCode: "12345",
    proxyAddresses: [`SMTP:user${i}@abc.example`, `smtp:u${i}@abc.example`],
}));
const users = Array.from({length: Number(n)}, (_, i) => JSON.stringify({
    schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"], id: `id-${i}`, externalId: `x-${i}`, userName: `user${i}@abc.example`,
    name: {givenName: `Given ${i}`, familyName: `Family ${i}`}, displayName: `Given Family ${i}`, title: "Engineer", active: true,
    emails: [{type: "work", value: `user${i}@abc.example`, primary: true}],
    phoneNumbers: [{type: "work", value: `+1 555 ${i}`}, {type: "mobile", value: `+1 556 ${i}`}],
    addresses: [{type: "work", streetAddress: `${i} Main Street`, locality: "Springfield", postalCode: "12345", country: "US"}],
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {department: `Department ${i % 50}`, employeeNumber: `${i}`},
    meta: {resourceType: "User", created: "2026-01-01T00:00:00Z", lastModified: "2026-11-01T00:00:00Z"},
}));
let made = 0, seen = [];

function page(url) {
    const start = Number(url.searchParams.get("startIndex") ?? 1), count = Number(url.searchParams.get("count") ?? 100);
    const some = users.slice(start - 1, start - 1 + count);
    return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":${users.length},"startIndex":${start},` +
        `"itemsPerPage":${some.length},"Resources":[${some.join(",")}]}`;
}

function delta(at) {
    const next = at + Number(size), more = next < people.length;
    return `{"@odata.${more ? "nextLink" : "deltaLink"}":"${url}/v1.0/users/delta?$${more ? "skiptoken" : "deltatoken"}=${next}",` +
        `"value":[${people.slice(at, next).join(",")}]}`;
}

function graph(request, at, body) {
    if (at.pathname === "/v1.0/users/delta") {
        seen.push(request.url);
        return [200, delta(Number(at.searchParams.get("$skiptoken") ?? 0))];
    }
    if (at.pathname === "/v1.0/invitations") return [201, JSON.stringify({id: "i", invitedUser: {id: `new-${++made}`}})];
    if (request.method === "POST") return [201, JSON.stringify({...JSON.parse(body), id: `new-${++made}`})];
    if (request.method === "PATCH") return [204, ""];
    if (at.pathname.endsWith("/contactFolders")) return [200, '{"@odata.count":1,"value":[{"id":"f","displayName":"Global address list"}]}'];
    return [200, '{"@odata.count":0,"value":[]}'];
}

function answer(request, body) {
    const url = new URL(request.url, "https://127.0.0.1");
    if (url.pathname === "/seen") {
        const paths = JSON.stringify(seen);
        seen = [];
        return [200, paths];
    }
    if (url.pathname.endsWith("/token")) return [200, '{"access_token":"x","token_type":"Bearer","expires_in":3599}'];
    if (url.pathname.startsWith("/v1.0/")) return graph(request, url, body);
    if (request.method === "POST") return [201, JSON.stringify({...JSON.parse(body), id: `new-${++made}`})];
    if (url.pathname !== "/Users") return [404, "{}"];
    seen.push(request.url);
    return [200, page(url)];
}

http2.createSecureServer({key: fs.readFileSync(key), cert: fs.readFileSync(cert), allowHTTP1: true}, (request, response) => {
    let body = "";
    request.on("data", (data) => body += data);
    request.on("end", () => setTimeout(() => {
        const [status, text] = answer(request, body);
        response.writeHead(status, {"content-type": "application/json", ...(status === 204 ? {} : {"content-length": Buffer.byteLength(text)})});
        response.end(text);
    }, Number(delay)));
}).listen(Number(port), "127.0.0.1", () => console.log("ready"));
