import type { Fault, Props } from "../framework/provider";
import { hasUnknown, isObject } from "../framework/values";
import { accessRuleFaults, ownerFaults } from "./accessRules";
import type { RestType } from "./restResource";

const SELF_HOSTED = ["self_hosted", "ssh", "vnc", "rdp"];
const IN_LAUNCHER = [...SELF_HOSTED, "saas", "bookmark"];
const WITH_SESSION = [...SELF_HOSTED, "saas", "dash_sso", "app_launcher", "warp"];

/** Three views of the same thing: setting one sets the others. */
const ADDRESSES = ["domain", "selfHostedDomains", "destinations"];

/** Kinds of applications and parts of them that this plugin does not carry out. */
const UNSUPPORTED = [
  "saasApp",
  "scimConfig",
  "oauthConfiguration",
  "landingPageDesign",
  "footerLinks",
  "targetCriterias",
];

const owner = (props: Props) => (props.accountId ? `/accounts/${props.accountId}` : `/zones/${props.zoneId}`);

/** What stands behind an Access login: a hostname, with the policies that admit. */
export const application: RestType = {
  token: "cloudflare:index/zeroTrustAccessApplication:ZeroTrustAccessApplication",
  collection: (props) => `${owner(props)}/access/apps`,
  item: (props, id) => `${owner(props)}/access/apps/${id}`,
  create: "POST",
  update: "PUT",
  deletes: true,
  pathInputs: ["accountId", "zoneId"],
  importId: "<accounts|zones>/<account_id|zone_id>/<app_id>",
  check: faults,
  planned,
  read,
};

function faults(inputs: Props): Fault[] {
  const found = ownerFaults(inputs);
  for (const property of UNSUPPORTED) {
    if (inputs[property] !== undefined) found.push({ property, reason: `${property} is not supported by this plugin` });
  }
  for (const [index, policy] of policiesOf(inputs).entries()) {
    if (!isObject(policy)) continue;
    const property = `policies[${index}]`;
    if (policy.connectionRules !== undefined) {
      found.push({ property, reason: "connectionRules is not supported by this plugin" });
    }
    if ((policy.id === undefined) === (policy.includes === undefined) && !hasUnknown(policy)) {
      const reason = "one and only one attribute from this collection is set: [id, include]";
      found.push({ property, reason: `Invalid Attribute Combination: Ensure that ${reason}` });
    }
    found.push(...accessRuleFaults(policy, `${property}.`));
  }
  return found;
}

/** Defaults that depend on the kind of application, and the places of policies that have none. */
function planned(inputs: Props, state: Props | undefined): Props {
  const type = String(inputs.type ?? "");
  const moved = !state || ADDRESSES.some((name) => inputs[name] !== undefined && differs(inputs[name], state[name]));
  return {
    ...(SELF_HOSTED.includes(type) ? { httpOnlyCookieAttribute: true } : {}),
    ...(IN_LAUNCHER.includes(type) ? { appLauncherVisible: true } : {}),
    ...(WITH_SESSION.includes(type) ? { sessionDuration: "24h" } : {}),
    ...(moved ? {} : Object.fromEntries(ADDRESSES.map((name) => [name, state[name]]))),
    ...inputs,
    // The API takes a missing list for "as it is".
    policies: numbered(policiesOf(inputs)),
  };
}

function numbered(policies: unknown[]): unknown[] {
  let last = 0;
  return policies.map((policy) => {
    if (!isObject(policy)) return policy;
    last = typeof policy.precedence === "number" ? policy.precedence : last + 1;
    return { ...policy, precedence: last };
  });
}

function read(outputs: Props, state: Props): Props {
  const policies = policiesAsWritten(outputs.policies, state.policies);
  const imported = state.type === undefined && state.name === undefined;
  // A program would write one of the three, and the domain is the plainest.
  const { destinations: _destinations, selfHostedDomains: _domains, ...plain } = outputs;
  return { ...(imported && outputs.domain !== undefined ? plain : outputs), policies };
}

/** The API expands a reusable policy into everything it says; the application only refers to it. */
function policiesAsWritten(now: unknown, known: unknown): unknown {
  if (!Array.isArray(now)) return [];
  const written = Array.isArray(known) ? known : undefined;
  return now.map((policy: Props & { reusable?: boolean }, index) => {
    const old = written?.[index] as Props | undefined;
    const inline = old ? old.id === undefined : policy.includes !== undefined && policy.id === undefined;
    if (!inline) return { id: policy.id, precedence: policy.precedence };
    const { id: _id, ...rest } = policy;
    return rest;
  });
}

const policiesOf = (inputs: Props): unknown[] => (Array.isArray(inputs.policies) ? inputs.policies : []);

function differs(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) !== JSON.stringify(right);
}
