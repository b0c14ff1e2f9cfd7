// A certified OpenID provider (oidc-provider) as a token endpoint, at a path like Entra's:
//   node oidc.mjs PORT CERTIFICATE TENANT SCOPE AHEAD
// The client "galway" proves who it is with a PS256 assertion signed by the certificate's key, for SCOPE. The provider's clock is AHEAD
// seconds ahead. Each token that it gives is a line.
import crypto from "node:crypto";
import fs from "node:fs";
import {createRequire} from "node:module";
import {pathToFileURL} from "node:url";
import {scheme, serve} from "./serve.mjs";

// Found in the current folder, where npm has put them.
const require = createRequire(process.cwd() + "/");
const {default: Provider} = await import(pathToFileURL(require.resolve("oidc-provider")));

const [port, certificate, tenant, scope, ahead] = process.argv.slice(2);
const now = Date.now;
Date.now = () => now() + 1000 * Number(ahead);
const key = crypto.createPublicKey(fs.readFileSync(certificate)).export({format: "jwk"});
const provider = new Provider(`${scheme}://127.0.0.1:${port}`, {
    clients: [{
        client_id: "galway", redirect_uris: [], response_types: [], grant_types: ["client_credentials"],
        token_endpoint_auth_method: "private_key_jwt", token_endpoint_auth_signing_alg: "PS256", jwks: {keys: [key]},
    }],
    enabledJWA: {clientAuthSigningAlgValues: ["PS256"]},
    features: {clientCredentials: {enabled: true}, devInteractions: {enabled: false}},
    routes: {token: `/${tenant}/oauth2/v2.0/token`},
    scopes: [scope],
    ttl: {ClientCredentials: 600},
});
provider.on("client_credentials.saved", token => console.log(token.jti));
serve(provider.callback(), port);
