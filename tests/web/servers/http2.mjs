// HTTP/2, and 1.1 for who does not offer it, over TLS:   node http2.mjs PORT CERTIFICATE KEY
// X-Told of an answer is the version by which the request came.
import fs from "node:fs";
import http2 from "node:http2";

const [port, certificate, key] = process.argv.slice(2);
const tls = {cert: fs.readFileSync(certificate), key: fs.readFileSync(key), allowHTTP1: true};

http2.createSecureServer(tls, (request, response) => {
    request.resume().on("end", () => {
        response.setHeader("X-Told", request.httpVersion);
        response.end("{}");
    });
}).listen(Number(port), "127.0.0.1", () => console.log("ready"));
