import { isIP } from "node:net";
import { RE2JS } from "re2js";
import { z } from "zod";

const access = z.looseObject({
  required: z.boolean().optional(),
  teamName: z.string().optional(),
  audTag: z.array(z.string()).optional(),
});
const seconds = z.number().int("is a whole number of seconds");
const originRequest = z.looseObject({
  access: access.optional(),
  connectTimeout: seconds.optional(),
  tlsTimeout: seconds.optional(),
  tcpKeepAlive: seconds.optional(),
  keepAliveTimeout: seconds.optional(),
  keepAliveConnections: z.number().int().optional(),
  httpHostHeader: z.string().optional(),
  originServerName: z.string().optional(),
  noTLSVerify: z.boolean().optional(),
});
const ingressRule = z.looseObject({
  hostname: z.string().nullish(),
  path: z.string().nullish(),
  service: z.string(),
  originRequest: originRequest.nullish(),
});

/** The body of `PUT …/configurations`. Unknown keys are kept: the connector ignores them and the API echoes them. */
export const configurationSchema = z.object({
  config: z.looseObject({ ingress: z.array(ingressRule).nullish(), originRequest: originRequest.nullish() }),
  source: z.enum(["local", "cloudflare"]).optional(),
});

export type IngressRule = z.output<typeof ingressRule>;

/**
 * What cloudflared would say against a list of ingress rules, `undefined` when it would take it
 * (cloudflared `ingress/ingress.go`, `validateIngress`).
 */
export function ingressFault(rules: IngressRule[]): string | undefined {
  if (rules.length === 0) return "The config file doesn't contain any ingress rules";
  for (const [index, rule] of rules.entries()) {
    const fault =
      serviceFault(rule.service) ??
      accessFault(rule) ??
      hostnameFault(rule, index, rules.length) ??
      pathFault(rule.path, index);
    if (fault) return fault;
  }
  return undefined;
}

function serviceFault(service: string): string | undefined {
  if (/^unix(\+tls)?:/.test(service)) return undefined;
  if (["hello_world", "hello-world", "socks-proxy", "bastion"].includes(service)) return undefined;
  const status = /^http_status:(.*)$/.exec(service)?.[1];
  if (status !== undefined) {
    const number = Number(status);
    if (!/^[+-]?\d+$/.test(status)) return "invalid HTTP status code";
    return number < 100 || number > 999 ? `invalid HTTP status code: ${number}` : undefined;
  }
  const parts = /^([a-zA-Z][a-zA-Z0-9+.-]*):\/\/([^/?#]*)([^?#]*)/.exec(service);
  const host = (parts?.[2] ?? "").replace(/^.*@/, "").replace(/:\d*$/, "");
  if (!parts || host === "") {
    return `${service} is an invalid address, please make sure it has a scheme and a hostname`;
  }
  if (parts[3] !== "") {
    return `${service} is an invalid address, ingress rules don't support proxying to a different path on the origin service. The path will be the same as the eyeball request's path`;
  }
  return undefined;
}

function accessFault(rule: IngressRule): string | undefined {
  const wanted = rule.originRequest?.access;
  if (!wanted?.required || wanted.teamName || !wanted.audTag?.length) return undefined;
  return "access.TeamName cannot be blank when access.audTags are present";
}

function hostnameFault(rule: IngressRule, index: number, count: number): string | undefined {
  const hostname = rule.hostname ?? "";
  if (/^[^:]*:[^:]*$/.test(hostname) && !isIP(hostname)) return "Hostname cannot contain a port";
  if (hostname.lastIndexOf("*") > 0) {
    return 'Hostname patterns can have at most one wildcard character ("*") and it can only be used for subdomains, e.g. "*.example.com"';
  }
  const catchesAll = (hostname === "" || hostname === "*") && !rule.path;
  if (index === count - 1 && !catchesAll) {
    return "The last ingress rule must match all URLs (i.e. it should not have a hostname or path filter)";
  }
  if (index < count - 1 && catchesAll) {
    return `Rule #${index + 1} is matching the hostname '${hostname}', but this will match every hostname, meaning the rules which follow it will never be triggered.`;
  }
  return undefined;
}

function pathFault(path: string | null | undefined, index: number): string | undefined {
  if (!path) return undefined;
  try {
    RE2JS.compile(path);
    return undefined;
  } catch {
    return `Rule #${index + 1} has an invalid regex`;
  }
}
