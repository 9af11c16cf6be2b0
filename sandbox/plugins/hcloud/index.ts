import { parseGoDuration } from "../framework/goDuration";
import type { Fault, Props, ProviderDefinition, ResourceHandler } from "../framework/provider";
import { HcloudClient } from "./client";
import { firewall } from "./firewall";
import { firewallAttachment } from "./firewallAttachment";
import { network } from "./network";
import { networkSubnet } from "./networkSubnet";
import { placementGroup } from "./placementGroup";
import { primaryIp } from "./primaryIp";
import { server } from "./server";
import { serverNetwork } from "./serverNetwork";
import { sshKey } from "./sshKey";
import { facts } from "./tokens";
import { volume } from "./volume";

const OFFICIAL_ENDPOINT = "https://api.hetzner.cloud/v1";
const OFFICIAL_POLL_INTERVAL = 500;

const resources: Record<string, ResourceHandler<HcloudClient>> = {
  "hcloud:index/server:Server": server,
  "hcloud:index/sshKey:SshKey": sshKey,
  "hcloud:index/firewall:Firewall": firewall,
  "hcloud:index/firewallAttachment:FirewallAttachment": firewallAttachment,
  "hcloud:index/network:Network": network,
  "hcloud:index/networkSubnet:NetworkSubnet": networkSubnet,
  "hcloud:index/serverNetwork:ServerNetwork": serverNetwork,
  "hcloud:index/placementGroup:PlacementGroup": placementGroup,
  "hcloud:index/volume:Volume": volume,
  "hcloud:index/primaryIp:PrimaryIp": primaryIp,
};

/** Stand-in for the hcloud provider: the same calls to the same API in the same order. */
export const provider: ProviderDefinition<HcloudClient> = {
  name: "hcloud",
  facts,
  resources,
  checkConfig: configFaults,
  configure,
};

function configFaults(config: Props): Fault[] {
  const faults: Fault[] = [];
  if (config.token === undefined) {
    faults.push({
      property: "token",
      reason:
        "Missing Hetzner Cloud API token: it was not found in the HCLOUD_TOKEN environment variable or in hcloud:token",
    });
  } else if (typeof config.token === "string" && config.token.length !== 64) {
    faults.push({ property: "token", reason: "entered token is invalid (must be exactly 64 characters long)" });
  }
  if (typeof config.endpoint === "string" && !URL.canParse(config.endpoint)) {
    faults.push({ property: "endpoint", reason: `"${config.endpoint}" is not a URL` });
  }
  if (typeof config.pollInterval === "string" && parseGoDuration(config.pollInterval) === undefined) {
    faults.push({ property: "pollInterval", reason: `time: invalid duration "${config.pollInterval}"` });
  }
  return faults;
}

async function configure(config: Props): Promise<HcloudClient> {
  const nanoseconds = config.pollInterval ? parseGoDuration(String(config.pollInterval)) : undefined;
  return new HcloudClient({
    endpoint: config.endpoint ? String(config.endpoint) : OFFICIAL_ENDPOINT,
    token: String(config.token),
    pollInterval: nanoseconds === undefined ? OFFICIAL_POLL_INTERVAL : nanoseconds / 1e6,
    exponential: config.pollFunction !== "constant",
  });
}
