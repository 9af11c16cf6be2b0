import type { HostProfile } from "../../profiles/host";
import { accessStep } from "./steps/access";
import { agentsStep } from "./steps/agents";
import { auditStep } from "./steps/audit";
import { bansStep } from "./steps/bans";
import { dockerStep } from "./steps/docker";
import { firewallStep } from "./steps/firewall";
import { guardStep } from "./steps/guard";
import { journalStep } from "./steps/journal";
import { kernelStep } from "./steps/kernel";
import { packagesStep } from "./steps/packages";
import { sshStep } from "./steps/ssh";
import { systemStep } from "./steps/system";
import { updatesStep } from "./steps/updates";
import type { HostFacts, WantedState } from "./wantedState";

/** Everything that a profile wants of one server. Filters stand before Docker starts, and secrets are back before it. */
export function wantedState(profile: HostProfile, facts: HostFacts): WantedState {
  return {
    profile: profile.name,
    steps: [
      accessStep(facts),
      packagesStep(profile),
      kernelStep(profile),
      guardStep(profile),
      firewallStep(profile, facts),
      sshStep(profile, facts),
      bansStep(profile, facts),
      agentsStep(),
      dockerStep(profile, facts),
      updatesStep(profile, facts),
      journalStep(profile),
      ...(profile.audit ? [auditStep(profile.audit)] : []),
      systemStep(profile),
    ],
  };
}
