import type { AccessApplication, AccessPolicy } from "../../clouds/cloudflare/model";
import type { CloudflareWorld } from "../../clouds/cloudflare/world";
import { policiesOf } from "./applications";
import { type Asker, rulesMatch } from "./selectors";

/**
 * The first Bypass or Service Auth policy that matches. They go before all others, whatever the order:
 * https://developers.cloudflare.com/cloudflare-one/access-controls/policies/#order-of-execution.
 *
 * @param decisions which of the two are looked at
 */
export function policyWithoutLogin(
  world: CloudflareWorld,
  application: AccessApplication,
  asker: Asker,
  decisions: readonly AccessPolicy["decision"][] = ["bypass", "non_identity"],
): AccessPolicy | undefined {
  return policiesOf(world, application)
    .filter(({ decision }) => decisions.includes(decision))
    .find((policy) => rulesMatch(world.state, policy, asker, false));
}

/** Whether anybody can log in to the application. */
export function hasAllowPolicy(world: CloudflareWorld, application: AccessApplication): boolean {
  return policiesOf(world, application).some(({ decision }) => decision === "allow");
}

/** What an application says to a person. */
export type Admission = { admitted: AccessPolicy } | { refused: string };

/** Goes through the Allow and Block policies in order; the first that matches decides, and nobody is let in without. */
export function admission(world: CloudflareWorld, application: AccessApplication, asker: Asker): Admission {
  for (const policy of policiesOf(world, application)) {
    const matches = rulesMatch(world.state, policy, asker, policy.decision === "deny");
    if (!matches) continue;
    if (policy.decision === "deny") return { refused: `blocked by policy "${policy.name}"` };
    if (policy.decision !== "allow") continue;
    const lacking = unavailable(policy);
    return lacking ? { refused: `policy "${policy.name}" needs ${lacking}` } : { admitted: policy };
  }
  return { refused: "no policy admits" };
}

/** What a policy asks for that the sandbox does not have. */
function unavailable({ settings }: AccessPolicy): string | undefined {
  if (settings.approval_required) return "an approver, which the sandbox has not";
  return settings.isolation_required ? "an isolated browser, which the sandbox has not" : undefined;
}

/**
 * Why somebody who was admitted is so no more, from what is looked at anew on each request. Changes to a policy's people
 * count from the next login on, until then a token stays good:
 * https://developers.cloudflare.com/cloudflare-one/access-controls/policies/#selectors.
 */
export function noLongerAdmitted(
  world: CloudflareWorld,
  application: AccessApplication,
  policyId: string,
  asker: Asker,
): string | undefined {
  const kept: Asker = { ...asker, identity: "kept" };
  for (const policy of policiesOf(world, application)) {
    if (policy.decision === "deny" && rulesMatch(world.state, policy, kept, true)) {
      return `blocked by policy "${policy.name}"`;
    }
    if (policy.id !== policyId) continue;
    return rulesMatch(world.state, policy, kept, false) ? undefined : `policy "${policy.name}" does not hold here`;
  }
  return undefined;
}
