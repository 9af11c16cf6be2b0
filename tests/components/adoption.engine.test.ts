import { writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { zoneId } from "../clouds/cloudflare/account";
import { FleetStack } from "./fleetStack";
import { goodFleet } from "./goodFleet";

const hostname = "atlas-ana.example.com";

let stack: FleetStack;
beforeAll(async () => {
  stack = await FleetStack.open();
});
afterAll(() => stack?.close());

it("a DNS record that was there before is taken over by import, and never deleted or made anew", async () => {
  const { deployment, account } = stack;
  const record = { type: "CNAME", name: hostname, content: "old.example.net", ttl: 1, proxied: true };
  const { id } = await account.make(`/zones/${zoneId}/dns_records`, record);
  await deployment.configure([{ path: ["creel:fleet"], value: goodFleet() }]);

  // What it belongs to comes along; everything else is left to be made.
  const resources = [
    { type: "creel:index:Fleet", name: "fleet", component: true },
    { type: "creel:index:AgentTunnel", name: "atlas", component: true, parent: "fleet" },
    { type: "cloudflare:index/dnsRecord:DnsRecord", name: hostname, id: `${zoneId}/${id}`, parent: "atlas" },
  ];
  const file = path.join(deployment.folder, "import.json");
  await writeFile(file, JSON.stringify({ resources }));
  await deployment.pulumi(["import", "--file", file, "--protect=false", "--generate-code=false", "--yes"]);

  const writes = await stack.up(goodFleet());
  expect(writes.filter((line) => line.includes("dns_records"))).toEqual([
    expect.stringMatching(new RegExp(`^(PUT|PATCH) dns_records/${id}$`)),
  ]);
  const records = Object.values(account.store.state.dns_records);
  expect(records).toEqual([expect.objectContaining({ id, name: hostname })]);
  expect(records[0]!.content).toMatch(/\.cfargotunnel\.com$/);
  await deployment.pulumi(["preview", "--expect-no-changes"]);
});
