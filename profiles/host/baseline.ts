import { cagedDocker } from "./docker";
import { quietKernel } from "./kernel";
import { closedFirewall, openGuard, patientBans } from "./network";
import { hardenedSsh } from "./ssh";
import { boundedJournal, packages, plainSystem, updatesOnly } from "./system";
import type { HostProfile } from "./types";

/** A server that is safe to leave alone, with nothing that gets in the way of working on it. */
export const baseline: HostProfile = {
  name: "baseline",
  ssh: { ...hardenedSsh, rsaHostKeyBits: 0 },
  firewall: closedFirewall,
  guard: openGuard,
  bans: patientBans,
  kernel: quietKernel,
  docker: cagedDocker,
  updates: updatesOnly,
  journal: boundedJournal,
  system: plainSystem,
  packages,
};
