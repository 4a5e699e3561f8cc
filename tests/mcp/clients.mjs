// The official clients, of both eras, against `lockstep mcp`: node clients.mjs LOCKSTEP ROOT
import assert from "node:assert/strict";
import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as OldTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport as Transport } from "@modelcontextprotocol/client/stdio";

const [lockstep, root] = process.argv.slice(2);
const server = { command: lockstep, args: ["mcp", "--root", root] };
const me = { name: "lockstep-test", version: "0" };

async function through(name, client, transport) {
  await client.connect(transport);
  const { tools } = await client.listTools();
  assert.deepEqual(tools.map((t) => t.name).sort(), [
    "check_history", "diff", "explain", "lint", "list_scenarios", "replay", "run", "verify"]);
  // The clients check structured content against the schema of the tool.
  const found = await client.callTool({ name: "run", arguments: { file: "lost_update.lua", strategy: "pos" } });
  assert.equal(found.isError, false);
  assert.equal(found.structuredContent.exit_code, 1);
  const trace = found.structuredContent.failures[0].trace;
  const why = await client.callTool({ name: "explain", arguments: { trace } });
  assert.equal(why.structuredContent.failures[0].reason, "expected 2, got 1");
  await assert.rejects(client.callTool({ name: "run", arguments: { file: "../x.lua" } }), /outside the root/);
  await assert.rejects(client.callTool({ name: "nothing", arguments: {} }), /unknown tool/);

  let told = 0;
  const slow = { name: "run", arguments: { file: "many.lua", strategy: "random", iterations: 1e9, time_ms: 30000 } };
  const stop = new AbortController();
  const call = client.callTool(slow, ...options(client, { signal: stop.signal, onprogress: () => { told++; stop.abort(); } }));
  await assert.rejects(call);
  assert.ok(told > 0, "no progress was told");
  const list = await client.callTool({ name: "list_scenarios", arguments: {} });
  assert.equal(list.structuredContent.exit_code, 0);
  await client.close();
  console.log(`${name}: ok`);
}

// The older client takes the schema of results before the options.
function options(client, o) {
  return client instanceof OldClient ? [undefined, o] : [o];
}

await through("sdk 1", new OldClient(me), new OldTransport(server));

for (const [name, how] of [
  ["client 2", {}],
  ["client 2, auto", { versionNegotiation: { mode: "auto" } }],
  ["client 2, 2026-07-28", { versionNegotiation: { mode: { pin: "2026-07-28" } } }],
])
  await through(name, new Client(me, how), new Transport(server));
