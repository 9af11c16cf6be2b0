import type { Fault, Props } from "../framework/provider";
import { isObject } from "../framework/values";
import { accessRuleFaults, ownerFaults } from "./accessRules";
import type { RestType } from "./restResource";

const owner = (props: Props) => (props.accountId ? `/accounts/${props.accountId}` : `/zones/${props.zoneId}`);
const underOwner = (kind: string) => ({
  collection: (props: Props) => `${owner(props)}/access/${kind}`,
  item: (props: Props, id: string) => `${owner(props)}/access/${kind}/${id}`,
  create: "POST" as const,
  update: "PUT" as const,
  deletes: true,
  pathInputs: ["accountId", "zoneId"],
});

export const group: RestType = {
  ...underOwner("groups"),
  token: "cloudflare:index/zeroTrustAccessGroup:ZeroTrustAccessGroup",
  importId: "<accounts|zones>/<account_id|zone_id>/<group_id>",
  neverRefreshed: ["isDefault"],
  check: (inputs) => [...ownerFaults(inputs), ...accessRuleFaults(inputs)],
};

export const policy: RestType = {
  ...underOwner("policies"),
  token: "cloudflare:index/zeroTrustAccessPolicy:ZeroTrustAccessPolicy",
  importId: "<account_id>/<policy_id>",
  check: accessRuleFaults,
};

export const identityProvider: RestType = {
  ...underOwner("identity_providers"),
  token: "cloudflare:index/zeroTrustAccessIdentityProvider:ZeroTrustAccessIdentityProvider",
  importId: "<accounts|zones>/<account_id|zone_id>/<identity_provider_id>",
  check: (inputs) => [
    ...ownerFaults(inputs),
    ...(inputs.type === "onetimepin" && inputs.scimConfig !== undefined
      ? [{ property: "scimConfig", reason: 'can not be set if "type" is one of: "onetimepin"' }]
      : []),
  ],
  // The API masks secrets that it has; the program's are the true ones.
  read: (outputs, state) => ({ ...outputs, config: keepSecret(outputs.config, state.config, "clientSecret") }),
};

export const serviceToken: RestType = {
  ...underOwner("service_tokens"),
  token: "cloudflare:index/zeroTrustAccessServiceToken:ZeroTrustAccessServiceToken",
  importId: "<accounts|zones>/<account_id|zone_id>/<service_token_id>",
  neverRefreshed: ["clientSecret", "clientSecretVersion", "previousClientSecretExpiresAt"],
  check: (inputs) => [...ownerFaults(inputs), ...rotationFaults(inputs)],
};

function rotationFaults(inputs: Props): Fault[] {
  const rotated = inputs.clientSecretVersion !== undefined && inputs.clientSecretVersion !== 1;
  if (rotated === (inputs.previousClientSecretExpiresAt !== undefined)) return [];
  const reason = "client_secret_version and previous_client_secret_expires_at must be set together";
  return [{ property: rotated ? "clientSecretVersion" : "previousClientSecretExpiresAt", reason }];
}

function keepSecret(now: unknown, known: unknown, name: string): unknown {
  if (!isObject(now) || !isObject(known) || known[name] === undefined) return now;
  return { ...now, [name]: known[name] };
}
