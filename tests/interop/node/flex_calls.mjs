// Drives an Atlas Administration API with the API client of MongoDB's own MCP
// server: service account only, no serverless and no update of a Flex cluster.
// It fetches tokens over https alone, so it is given an https base URL and, by
// its own option for the HTTP client, a fetch that goes to the plain one.
// Prints one JSON line per operation; exits 1 on the first that fails.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiClient, AuthProviderFactory } from "@mongodb-js/mcp-atlas-api-client";

const name = "interop-node";
const env = process.env;
const logger = { error: (entry) => console.error(entry.message), warning() {}, info() {}, debug() {} };
const https = "https://atlas.invalid";
const plain = (url) => url.replace(https, env.MONGODB_ATLAS_BASE_URL);
const httpClient = {
  Request,
  fetch: (input, init) => (input.url ? fetch(new Request(plain(input.url), input), init) : fetch(plain(String(input)), init)),
};
const options = { baseUrl: https, userAgent: "interop", httpClient };
const authProvider = AuthProviderFactory.create(
  {
    apiBaseUrl: options.baseUrl,
    userAgent: options.userAgent,
    httpClient,
    credentials: { clientId: env.MONGODB_ATLAS_CLIENT_ID, clientSecret: env.MONGODB_ATLAS_CLIENT_SECRET },
  },
  logger,
);
const client = new ApiClient({ options, logger, authProvider });
const group = { groupId: env.MONGODB_ATLAS_PROJECT_ID };
const cluster = { params: { path: { ...group, name } } };

function said(operation, result = null) {
  console.log(JSON.stringify({ operation, result }));
}

async function until(get) {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const result = await get();
    if (result) return result;
    assert.ok(Date.now() < deadline, "deadline passed while polling");
    await sleep(100);
  }
}

await client.validateAuthConfig();
assert.ok(await authProvider.getAccessToken(), "no access token");

const created = await client.createFlexCluster({
  params: { path: group },
  body: {
    name,
    providerSettings: { backingProviderName: "AWS", regionName: "US_EAST_1" },
    terminationProtectionEnabled: false,
  },
});
assert.equal(created.name, name);
said("createGroupFlexCluster", created);

const ready = await until(async () => {
  const got = await client.getFlexCluster(cluster);
  return got.stateName === "IDLE" && got;
});
assert.equal(ready.id, created.id);
assert.match(ready.connectionStrings.standardSrv, /^mongodb\+srv:/);
said("getGroupFlexCluster", ready);

const list = await client.listFlexClusters({ params: { path: group } });
assert.deepEqual(list.results.map((each) => each.id), [created.id]);
said("listGroupFlexClusters", list);

await client.deleteFlexCluster(cluster);
await until(async () => {
  try {
    await client.getFlexCluster(cluster);
    return false;
  } catch (error) {
    if (error.response?.status === 404) return true;
    throw error;
  }
});
said("deleteGroupFlexCluster");

const projects = await client.listGroups();
assert.deepEqual(projects.results.map((each) => each.id), [group.groupId]);
said("listGroups", projects);
said("getGroup", await client.getGroup({ params: { path: group } }));

await client.close();
said("revokeToken");
