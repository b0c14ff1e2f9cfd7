// Better Auth with its SCIM plugin, all in memory:   node better-auth.mjs PORT TOKEN
import {createRequire} from "node:module";
import {pathToFileURL} from "node:url";
import {scheme, serve} from "./serve.mjs";

// Found in the current folder, where npm has put them.
const require = createRequire(process.cwd() + "/");
const load = (name) => import(pathToFileURL(require.resolve(name)));
const {betterAuth} = await load("better-auth");
const {getAuthTables} = await load("better-auth/db");
const {memoryAdapter} = await load("better-auth/adapters/memory");
const {toNodeHandler} = await load("better-auth/node");
const {scim} = await load("@better-auth/scim");

const [port, token] = process.argv.slice(2);
const options = {
    baseURL: `${scheme}://127.0.0.1:${port}`,
    secret: "only-for-tests-only-for-tests-only-for-tests",
    plugins: [scim({connections: [{id: "galway", credentials: [{type: "bearer", id: "one", token}]}]})],
    rateLimit: {enabled: false},
    logger: {disabled: true},
    telemetry: {enabled: false},
};
const tables = Object.values(getAuthTables(options)).map((table) => [table.modelName, []]);
const auth = betterAuth({...options, database: memoryAdapter(Object.fromEntries(tables))});

serve(toNodeHandler(auth), port);
