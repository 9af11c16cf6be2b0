import type { Fault, Props } from "../framework/provider";
import { isObject } from "../framework/values";
import { ownerFaults } from "./accessRules";
import type { RestType } from "./restResource";

const CNAME_SETTINGS = { flattenCname: false, ipv4Only: false, ipv6Only: false };

export const dnsRecord: RestType = {
  token: "cloudflare:index/dnsRecord:DnsRecord",
  collection: (props) => `/zones/${props.zoneId}/dns_records`,
  item: (props, id) => `/zones/${props.zoneId}/dns_records/${id}`,
  create: "POST",
  update: "PUT",
  deletes: true,
  pathInputs: ["zoneId", "includeShadowMetadata"],
  importId: "<zone_id>/<dns_record_id>",
  check: (inputs) =>
    inputs.proxied === true && typeof inputs.ttl === "number" && inputs.ttl !== 1
      ? [
          {
            property: "ttl",
            reason:
              "ttl must be set to 1 when `proxied` is true: When a DNS record is marked as `proxied` the TTL must be 1 " +
              "as Cloudflare will control the TTL internally.",
          },
        ]
      : [],
  read(outputs, state) {
    const settings = isObject(outputs.settings) ? outputs.settings : {};
    const forCname = outputs.type === "CNAME" ? { settings: { ...CNAME_SETTINGS, ...settings } } : {};
    return { ...outputs, ...forCname, name: nameAsWritten(String(outputs.name), state.name) };
  },
};

/** The API answers with the full name; a program may have written the part before the zone. */
function nameAsWritten(full: string, written: unknown): string {
  return typeof written === "string" && full.startsWith(`${written}.`) ? written : full;
}

export const zoneSetting: RestType = {
  token: "cloudflare:index/zoneSetting:ZoneSetting",
  collection: (props) => `/zones/${props.zoneId}/settings/${props.settingId}`,
  item: (props, id) => `/zones/${props.zoneId}/settings/${props.settingId ?? id}`,
  create: "PATCH",
  update: "PATCH",
  deletes: false,
  pathInputs: ["zoneId", "settingId"],
  id: (_result, props) => String(props.settingId),
  importId: "<zone_id>/<setting_id>",
};

export const botManagement: RestType = {
  token: "cloudflare:index/botManagement:BotManagement",
  collection: (props) => `/zones/${props.zoneId}/bot_management`,
  item: (props, id) => `/zones/${props.zoneId ?? id}/bot_management`,
  create: "PUT",
  update: "PUT",
  deletes: false,
  pathInputs: ["zoneId"],
  id: (_result, props) => String(props.zoneId),
  importId: "<zone_id>",
};

const owner = (props: Props) => (props.accountId ? `/accounts/${props.accountId}` : `/zones/${props.zoneId}`);

export const ruleset: RestType = {
  token: "cloudflare:index/ruleset:Ruleset",
  collection: (props) => `${owner(props)}/rulesets`,
  item: (props, id) => `${owner(props)}/rulesets/${id}`,
  create: "POST",
  update: "PUT",
  deletes: true,
  pathInputs: ["accountId", "zoneId"],
  importId: "<accounts|zones>/<account_id|zone_id>/<ruleset_id>",
  check: (inputs) => [...ownerFaults(inputs), ...idFaults(inputs), ...unsupportedParameters(inputs)],
  planned: (inputs) => ({ ...inputs, description: inputs.description ?? "", rules: rulesOf(inputs).map(plannedRule) }),
  read: (outputs) => ({ ...outputs, rules: rulesOf(outputs).map(bareRule) }),
};

function idFaults(inputs: Props): Fault[] {
  return ["accountId", "zoneId"]
    .filter((name) => typeof inputs[name] === "string" && !/^[0-9a-f]{32}$/.test(inputs[name]))
    .map((name) => ({ property: name, reason: "value must be a 32-character hexadecimal string" }));
}

const rulesOf = (props: Props): Props[] => (Array.isArray(props.rules) ? (props.rules as Props[]) : []);

/** What the provider's own schema fills in. */
function plannedRule(rule: Props): Props {
  const limit = rule.ratelimit;
  return {
    ...rule,
    enabled: rule.enabled ?? true,
    actionParameters: rule.actionParameters ?? {},
    ...(isObject(limit) ? { ratelimit: { ...limit, requestsToOrigin: limit.requestsToOrigin ?? false } } : {}),
  };
}

/** An empty block is one that the program need not write. */
function bareRule(rule: Props): Props {
  const parameters = rule.actionParameters;
  if (!isObject(parameters) || Object.keys(parameters).length > 0) return rule;
  const { actionParameters: _empty, ...rest } = rule;
  return rest;
}

/** Parameters of actions outside the firewall: their inner structure is not in the table. */
const PARAMETERS = [
  "id",
  "version",
  "overrides",
  "phases",
  "products",
  "rules",
  "ruleset",
  "rulesets",
  "response",
  "matchedData",
  "increment",
];

function unsupportedParameters(inputs: Props): Fault[] {
  return rulesOf(inputs).flatMap((rule, index) => {
    const parameters = isObject(rule) && isObject(rule.actionParameters) ? rule.actionParameters : {};
    return Object.keys(parameters)
      .filter((name) => parameters[name] !== undefined && !PARAMETERS.includes(name))
      .map((name) => ({
        property: `rules[${index}].actionParameters.${name}`,
        reason: `${name} is not supported by this plugin; it knows the parameters of firewall actions`,
      }));
  });
}
