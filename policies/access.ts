import { type Found, items, resourcePolicy } from "./policy";

/** What the policies read of an Access policy or group. */
export interface AccessProps {
  decision?: Found<string>;
  includes?: Found<Record<string, unknown>[]>;
}

/** What they read of an Access application: its policies may stand in itself. */
export interface ApplicationProps {
  policies?: Found<AccessProps[]>;
}

const policyTypes = [
  "cloudflare:index/zeroTrustAccessPolicy:ZeroTrustAccessPolicy",
  "cloudflare:index/accessPolicy:AccessPolicy",
];
const groupTypes = [
  "cloudflare:index/zeroTrustAccessGroup:ZeroTrustAccessGroup",
  "cloudflare:index/accessGroup:AccessGroup",
];
const applicationTypes = [
  "cloudflare:index/zeroTrustAccessApplication:ZeroTrustAccessApplication",
  "cloudflare:index/accessApplication:AccessApplication",
];

/** The policy itself, or those in an application. */
function rulesOf(props: AccessProps & ApplicationProps): AccessProps[] {
  return [props, ...items(props.policies).filter((policy) => typeof policy === "object")];
}

export const accessPolicies = [
  resourcePolicy<AccessProps & ApplicationProps>({
    name: "access-no-bypass",
    description: "No Access policy bypasses the login.",
    types: [...policyTypes, ...applicationTypes],
    faults: (props) =>
      rulesOf(props)
        .filter(({ decision }) => decision === "bypass")
        .map(() => "its decision is bypass: nobody is asked who they are"),
  }),
  resourcePolicy<AccessProps & ApplicationProps>({
    name: "access-not-everyone",
    description: "No Access policy or group that admits includes everyone.",
    types: [...policyTypes, ...groupTypes, ...applicationTypes],
    faults: (props) =>
      rulesOf(props)
        // A refusal may include everyone.
        .filter(({ decision }) => decision !== "deny")
        .filter(({ includes }) => items(includes).some(({ everyone }) => everyone !== undefined))
        .map(() => "it includes everyone"),
  }),
];
