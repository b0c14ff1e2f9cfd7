// serve(handler, port, ready): a server, over TLS when TLS in the environment is a path: of TLS.pem and TLS.key. Then it says `ready`.
import fs from "node:fs";
import http from "node:http";
import https from "node:https";

const name = process.env.TLS;

export const scheme = name ? "https" : "http";

export function serve(handler, port, ready = "ready") {
    const server = name ? https.createServer({cert: fs.readFileSync(`${name}.pem`), key: fs.readFileSync(`${name}.key`)}, handler)
        : http.createServer(handler);
    server.listen(Number(port), "127.0.0.1", () => console.log(ready));
}
