import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { FleetSecrets } from "../../components/fleetAgents";
import { planFleet } from "../../components/fleetPlan";
import { packageFolder } from "../../engine/paths";
import { key } from "./goodFleet";

interface Example {
  environment: string;
  /** What is to be filled in. */
  missing: string[];
  /** Names of the secrets that the file says are to be set. */
  secrets: FleetSecrets;
  /** Servers, and agents with where they are. */
  servers: string[];
  placement: Record<string, string>;
}

const examples: Example[] = [
  {
    environment: "sandbox",
    missing: ["agents.atlas.image", "connector.image", "operators.keys[0]"],
    secrets: { atlas: { GITHUB_WEBHOOK_SECRET: "CANARY" } },
    servers: ["reef"],
    placement: { atlas: "reef" },
  },
  {
    environment: "staging",
    missing: [
      "agents.atlas.image",
      "connector.image",
      "operators.keys[0]",
      "servers.reef.ssh.cidrs[0]",
      "zones.staging.example.com.accountId",
      "zones.staging.example.com.zoneId",
    ],
    secrets: { atlas: { ANTHROPIC_API_KEY: "CANARY" } },
    servers: ["reef"],
    placement: { atlas: "reef" },
  },
  {
    environment: "production",
    missing: [
      "agents.dora.image",
      "connector.image",
      "defaults.agent.image",
      "defaults.server.ssh.cidrs[0]",
      "identityProviders.entra.id",
      "operators.keys[0]",
      "operators.keys[1]",
      "zones.example.com.accountId",
      "zones.example.com.zoneId",
    ],
    secrets: {
      atlas: { SLACK_SIGNING_SECRET: "CANARY" },
      bora: { TELEGRAM_WEBHOOK_SECRET: "CANARY" },
      dora: { BUILD_SECRET: "CANARY" },
    },
    servers: ["reef-1", "reef-2", "atoll"],
    placement: { atlas: "reef-2", bora: "reef-1", cora: "reef-2", dora: "atoll" },
  },
];

describe.each(examples)("the $environment example", ({ environment, missing, secrets, servers, placement }) => {
  const text = readFileSync(path.join(packageFolder, `Pulumi.${environment}.yaml`), "utf8");
  const read = (yaml: string): unknown => parse(yaml).config["creel:fleet"];

  it("is refused for what is to be filled in, and for nothing else", () => {
    expect(planFleet(read(text), secrets).faults.map(({ path: at }) => at)).toEqual(missing);
  });

  it("is right when that is filled in", () => {
    let keys = 0;
    const filled = text
      .replace(/ssh-ed25519 AAAA…/g, () => key.replace(/J9(?=mWyr)/, `J${keys++}`))
      .replace(/a\.b\.c\.d/g, "198.51.100.7")
      .replace(/sha256:0+/g, `sha256:${"1".repeat(64)}`)
      .replace(/accountId: "0+"/, `accountId: "${"a".repeat(32)}"`)
      .replace(/zoneId: "0+"/, `zoneId: "${"b".repeat(32)}"`)
      .replace(/00000000-0000-0000-0000-000000000000/, "11111111-2222-3333-4444-555555555555");
    const { faults, plan } = planFleet(read(filled), secrets);
    expect(faults).toEqual([]);
    expect(Object.keys(plan!.servers)).toEqual(servers);
    expect(plan!.placement).toEqual(placement);
  });

  it("says which secrets to set", () => {
    if (environment === "sandbox") return;
    const told = [...text.matchAll(/creel:secrets\.(\w+)\.(\w+)/g)].map(([, agent, name]) => `${agent} ${name}`);
    const wanted = Object.entries(secrets).flatMap(([agent, keys]) =>
      Object.keys(keys).map((name) => `${agent} ${name}`),
    );
    expect(told).toEqual(wanted);
  });
});
