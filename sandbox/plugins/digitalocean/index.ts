import type { Fault, Props, ProviderDefinition, ResourceHandler } from "../framework/provider";
import { DigitalOceanClient } from "./client";
import { droplet } from "./droplet";
import { firewall } from "./firewall";
import { sshKey } from "./sshKey";
import { tag } from "./tag";
import { facts } from "./tokens";
import { vpc } from "./vpc";
import { paceOf } from "./waits";

/** Defaults of the official provider that its schema does not tell. */
const RETRIES = 4;
const RETRY_WAIT = { min: 1, max: 30 };

const resources: Record<string, ResourceHandler<DigitalOceanClient>> = {
  "digitalocean:index/droplet:Droplet": droplet,
  "digitalocean:index/firewall:Firewall": firewall,
  "digitalocean:index/sshKey:SshKey": sshKey,
  "digitalocean:index/tag:Tag": tag,
  "digitalocean:index/vpc:Vpc": vpc,
};

/**
 * Stand-in for the digitalocean provider: the same calls to the same API in the same order. It looks sooner whether
 * things are done than the official one, which takes ten seconds before every first look; `CREEL_DIGITALOCEAN_PACE=official`
 * makes it as slow.
 */
export const provider: ProviderDefinition<DigitalOceanClient> = {
  name: "digitalocean",
  facts,
  resources,
  checkConfig: configFaults,
  configure,
};

/** A missing token is no fault: the API refuses the requests. */
function configFaults(config: Props): Fault[] {
  const { apiEndpoint } = config;
  if (typeof apiEndpoint !== "string" || URL.canParse(apiEndpoint)) return [];
  return [{ property: "apiEndpoint", reason: `"${apiEndpoint}" is not a URL` }];
}

async function configure(config: Props): Promise<DigitalOceanClient> {
  const number = (name: string, otherwise: number) => (config[name] === undefined ? otherwise : Number(config[name]));
  return new DigitalOceanClient({
    endpoint: String(config.apiEndpoint),
    token: String(config.token ?? ""),
    retries: Math.max(0, number("httpRetryMax", RETRIES)),
    retryWait: {
      min: number("httpRetryWaitMin", RETRY_WAIT.min),
      max: number("httpRetryWaitMax", RETRY_WAIT.max),
    },
    requestsPerSecond: number("requestsPerSecond", 0),
    pace: paceOf(process.env.CREEL_DIGITALOCEAN_PACE),
  });
}
