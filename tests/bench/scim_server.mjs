// A SCIM service for measuring: N users in memory, every answer DELAY milliseconds later; HTTP/2 or 1.1 over TLS.
//   node scim_server.mjs PORT KEY CERT N DELAY
// POST /Users makes one, and says what was made; nothing is kept. GET /seen: the paths of the GETs since the last time.
import fs from "node:fs";
import http2 from "node:http2";

const [port, key, cert, n, delay] = process.argv.slice(2);
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

function answer(request, body) {
    const url = new URL(request.url, "https://127.0.0.1");
    if (url.pathname === "/seen") {
        const paths = JSON.stringify(seen);
        seen = [];
        return [200, paths];
    }
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
        response.writeHead(status, {"content-type": "application/scim+json", "content-length": Buffer.byteLength(text)});
        response.end(text);
    }, Number(delay)));
}).listen(Number(port), "127.0.0.1", () => console.log("ready"));
