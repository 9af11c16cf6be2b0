import type { Call, Fault, Props, ProviderDefinition } from "../framework/provider";
import { group, identityProvider, policy, serviceToken } from "./access";
import { application } from "./accessApplication";
import { CloudflareClient } from "./client";
import { facts } from "./facts";
import { restResource } from "./restResource";
import { tunnel, tunnelConfig } from "./tunnel";
import { botManagement, dnsRecord, ruleset, zoneSetting } from "./zone";

const OFFICIAL_URL = "https://api.cloudflare.com/client/v4";
const TOKEN_PATTERN = /^[0-9A-Za-z_-]{40,80}$/;
const TUNNEL_TOKEN = "cloudflare:index/getZeroTrustTunnelCloudflaredToken:getZeroTrustTunnelCloudflaredToken";

const types = [
  tunnel,
  tunnelConfig,
  application,
  policy,
  group,
  serviceToken,
  identityProvider,
  dnsRecord,
  zoneSetting,
  botManagement,
  ruleset,
];

/** Stand-in for the cloudflare provider: the same documents to the same API. Nothing is called before a resource is. */
export const provider: ProviderDefinition<CloudflareClient> = {
  name: "cloudflare",
  facts,
  resources: Object.fromEntries(types.map((type) => [type.token, restResource(type)])),
  checkConfig: configFaults,
  configure: async (config) =>
    new CloudflareClient({ baseUrl: String(config.baseUrl || OFFICIAL_URL), credentials: credentials(config) }),
  invoke,
};

function configFaults(config: Props): Fault[] {
  const given = ["apiToken", "apiKey", "apiUserServiceKey"].filter((name) => config[name] !== undefined);
  const faults: Fault[] = [];
  if (given.length === 0) {
    const reason = 'must provide exactly one of "api_key", "api_token" or "api_user_service_key"';
    faults.push({ property: "apiToken", reason });
  }
  if (typeof config.apiToken === "string" && !TOKEN_PATTERN.test(config.apiToken)) {
    const reason =
      "API tokens must only contain characters a-z, A-Z, 0-9, hyphens and underscores, and are 40 to 80 characters long";
    faults.push({ property: "apiToken", reason });
  }
  if (config.apiKey !== undefined && config.email === undefined) {
    faults.push({ property: "email", reason: '"email" is required with "api_key"' });
  }
  if (typeof config.baseUrl === "string" && !URL.canParse(config.baseUrl)) {
    faults.push({ property: "baseUrl", reason: `"${config.baseUrl}" is not a URL` });
  }
  return faults;
}

function credentials(config: Props): Record<string, string> {
  if (config.apiToken) return { authorization: `Bearer ${config.apiToken}` };
  if (config.apiKey) return { "x-auth-key": String(config.apiKey), "x-auth-email": String(config.email) };
  return { "x-auth-user-service-key": String(config.apiUserServiceKey) };
}

/** The token's answer is not secret, like the real provider's: what a program makes of it, it must wrap itself. */
async function invoke(client: CloudflareClient, token: string, args: Props, call: Call): Promise<Props> {
  if (token !== TUNNEL_TOKEN) throw new Error(`unrecognized data function: ${token}`);
  const path = `/accounts/${args.accountId}/cfd_tunnel/${args.tunnelId}/token`;
  return { ...args, token: await client.send<string>("GET", path, call.signal) };
}
