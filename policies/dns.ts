import type { PolicyResource, StackValidationPolicy } from "@pulumi/policy";
import { mayBe, settled, text } from "./policy";
import { checksAccess, routesOf, type TunnelConfigProps, tunnelConfigTypes, tunnelTypes } from "./tunnels";

/** What the policies read of one resource of a stack. */
export type StackResource = Pick<PolicyResource, "type" | "urn" | "name" | "props"> & {
  dependencies: StackResource[];
  propertyDependencies: Record<string, StackResource[]>;
};

const recordTypes = ["cloudflare:index/dnsRecord:DnsRecord", "cloudflare:index/record:Record"];
const applicationTypes = [
  "cloudflare:index/zeroTrustAccessApplication:ZeroTrustAccessApplication",
  "cloudflare:index/accessApplication:AccessApplication",
];

/** A rule that looks at several resources of a stack. Their ids are unknown at preview, but who needs whom is not. */
function stackPolicy(
  name: string,
  description: string,
  faults: (resources: StackResource[]) => { urn: string; fault: string }[],
) {
  return {
    name,
    description,
    enforcementLevel: "mandatory",
    validateStack: ({ resources }, report) => {
      for (const { urn, fault } of faults(resources)) report(fault, urn);
    },
  } satisfies StackValidationPolicy;
}

export const dnsPolicies = [
  stackPolicy("dns-proxied", "A DNS record to a tunnel is proxied by Cloudflare.", (resources) =>
    tunnelRecords(resources)
      .filter(({ props }) => !mayBe(known(props).proxied, true))
      .map(({ urn }) => ({ urn, fault: "it leads to a tunnel and proxied is not true" })),
  ),
  stackPolicy(
    "dns-after-access",
    "A DNS record to a route that Access guards is made after the Access application of its name.",
    (resources) =>
      tunnelRecords(resources)
        .filter((record) => isGuarded(record, resources) && !needsApplication(record))
        .map(({ urn }) => ({ urn, fault: "it does not depend on the Access application of its name" })),
  ),
];

/** The records that lead to a tunnel, whether its id is known or not. */
function tunnelRecords(resources: StackResource[]): StackResource[] {
  return resources.filter(
    ({ type, props, propertyDependencies }) =>
      recordTypes.includes(type) &&
      (/\.cfargotunnel\.com\.?$/i.test(text(known(props).content) ?? "") ||
        tunnelsIn(propertyDependencies.content).length > 0),
  );
}

/** Whether a configuration of the record's tunnel has Access checked for the record's name. */
function isGuarded(record: StackResource, resources: StackResource[]): boolean {
  const tunnels = tunnelsIn(record.propertyDependencies.content).map(({ urn }) => urn);
  const name = text(known(record.props).name);
  return resources
    .filter(({ type }) => tunnelConfigTypes.includes(type))
    .filter((config) => tunnelsIn(config.propertyDependencies.tunnelId).some(({ urn }) => tunnels.includes(urn)))
    .flatMap(({ props }) => routesOf(known(props) as TunnelConfigProps))
    .some((route) => route.hostname === name && checksAccess(route));
}

/** Whether the record waits, itself or through what it waits for, for the application of its name. */
function needsApplication(record: StackResource): boolean {
  const name = text(known(record.props).name);
  const seen = new Set<string>();
  const open = [record];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next.urn)) continue;
    seen.add(next.urn);
    if (applicationTypes.includes(next.type) && text(known(next.props).domain) === name) return true;
    open.push(...next.dependencies);
  }
  return false;
}

function tunnelsIn(resources: StackResource[] = []): StackResource[] {
  return resources.filter(({ type }) => tunnelTypes.includes(type));
}

function known(props: Record<string, unknown>): Record<string, unknown> {
  return settled(props) as Record<string, unknown>;
}
