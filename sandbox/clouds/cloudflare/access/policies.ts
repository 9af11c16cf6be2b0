import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { withoutNull } from "../envelope";
import { parseBody } from "../errors";
import type { AccessPolicy, Owner } from "../model";
import type { CloudflareWorld } from "../world";
import {
  accessRefusal,
  conflict,
  type Draft,
  duration,
  invalidRequest,
  mfaConfig,
  refuseMfaWithoutOrganization,
  registerAccess,
} from "./common";
import { checkedRules, identitySelector, rulesShape } from "./selectors";

const approvalGroup = z.object({
  approvals_needed: z.number().int().min(1),
  email_addresses: z.array(z.email()).nullish(),
  email_list_uuid: z.string().nullish(),
});

export const policyBody = z.object({
  name: z.string().min(1),
  decision: z.enum(["allow", "deny", "non_identity", "bypass"]),
  session_duration: z.union([duration, z.literal("")]).nullish(),
  purpose_justification_required: z.boolean().nullish(),
  purpose_justification_prompt: z.string().nullish(),
  approval_required: z.boolean().nullish(),
  approval_groups: z.array(approvalGroup).nullish(),
  isolation_required: z.boolean().nullish(),
  mfa_config: mfaConfig.nullish(),
  connection_rules: z.record(z.string(), z.unknown()).nullish(),
  ...rulesShape,
});

/** Session length of a policy that names none. */
const defaultSession = "24h";

/** Reusable policies of an account. */
const most = 500;

export function registerPolicies(app: FastifyInstance, world: CloudflareWorld): void {
  registerAccess(app, world, {
    collection: "access_policies",
    path: "policies",
    singular: "policy",
    inZones: false,
    most,
    listed: (policy) => policy.reusable,
    view: (policy) => policyView(world, policy),
    build: (given, owner) => ({ item: { ...checkedPolicy(world, owner, given), reusable: true } }),
    refuseRemoval: (policy) => {
      const count = applicationsWith(world, policy.id);
      if (count > 0) throw conflict(`policy is attached to ${count} application${count === 1 ? "" : "s"}`);
    },
  });
}

/** A policy in its stored form. @throws CloudflareError 400 / 12130 */
export function checkedPolicy(
  world: CloudflareWorld,
  owner: Owner,
  given: unknown,
): Omit<Draft<AccessPolicy>, "reusable"> {
  const { name, decision, session_duration, include, require, exclude, ...rest } = parseBody(
    policyBody,
    given,
    accessRefusal,
  );
  const rules = checkedRules(world.state, owner, { include, require, exclude });
  if (decision === "bypass" || decision === "non_identity") {
    const selector = identitySelector(world.state, rules);
    if (selector) throw invalidRequest(`${decision} policies cannot use the identity-based selector '${selector}'`);
  }
  if (rest.approval_required && !rest.approval_groups?.length) {
    throw invalidRequest("approval_groups is required when approval_required is set");
  }
  refuseMfaWithoutOrganization(world, owner, rest.mfa_config);
  return {
    name,
    decision,
    session_duration: session_duration ?? defaultSession,
    ...rules,
    settings: withoutNull(rest),
  };
}

export function policyView(world: CloudflareWorld, policy: AccessPolicy) {
  const { owner: _, settings, ...shown } = policy;
  return { ...shown, ...settings, app_count: applicationsWith(world, policy.id) };
}

function applicationsWith(world: CloudflareWorld, policy: string): number {
  return Object.values(world.state.access_apps).filter((app) => app.policies.some((entry) => entry.id === policy))
    .length;
}
