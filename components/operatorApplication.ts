import { ZeroTrustAccessApplication } from "@pulumi/cloudflare/zeroTrustAccessApplication";
import * as pulumi from "@pulumi/pulumi";
import { checkedLater, durationFaults } from "./accessPolicyFaults";
import type { AgentTunnelArgs } from "./agentTunnel";
import { cloudName } from "./cloudNames";
import { type Fault, gated } from "./faults";

/**
 * The Access application of an agent's operator hostname: all of it, whatever the path.
 *
 * It is called by the hostname, which has only one. Where that passes to another agent or to other people, the one before
 * goes first and a new one is made: a login is good for one application until it ends, and nobody looks at policies again.
 */
export function operatorApplication(
  agent: string,
  args: AgentTunnelArgs,
  parent: pulumi.Resource,
): ZeroTrustAccessApplication {
  const { identityProviderIds: providers, sessionDuration = "8h" } = args;
  const subject = `AgentTunnel ${agent}`;
  const policyIds = gated(pulumi.output(args.policyIds), policyIdsFaults, subject);
  return new ZeroTrustAccessApplication(
    args.hostname,
    {
      accountId: args.accountId,
      name: cloudName(agent),
      type: "self_hosted",
      domain: args.hostname,
      policies: policyIds.apply((ids) => ids.map((id, i) => ({ id, precedence: i + 1 }))),
      allowedIdps: providers,
      // Without a choice to make there is no page to make it on.
      autoRedirectToIdentity: providers && providers.length === 1,
      sessionDuration: checkedLater(subject, "sessionDuration", sessionDuration, durationFaults),
      httpOnlyCookieAttribute: true,
      // Strict would send people round in circles: they come back from the login page, which is another site.
      sameSiteCookieAttribute: "lax",
      enableBindingCookie: true,
      // A program without a valid token is told so, instead of being sent to a login page.
      serviceAuth401Redirect: true,
      appLauncherVisible: true,
    },
    { parent, deleteBeforeReplace: true, replaceOnChanges: ["name", "policies[0].id"] },
  );
}

/** What is wrong with a list of policies: that there is none, so that nobody could come in. */
export function policyIdsFaults(ids: string[]): Fault[] {
  if (Array.isArray(ids) && ids.length > 0 && ids.every((id) => id !== undefined && id !== "")) return [];
  const remedy = "write who may come in: AccessPolicy gives policy ids";
  return [{ path: "policyIds", reason: "is empty", remedy }];
}
