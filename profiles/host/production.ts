import { watchfulAudit } from "./audit";
import { baseline } from "./baseline";
import { strictKernel } from "./kernel";
import { growingBans, narrowGuard } from "./network";
import { hardenedSsh } from "./ssh";
import { monthlyJournal, productionPackages, strictSystem, updatesWithReboot } from "./system";
import type { HostProfile } from "./types";

/** A server that runs other people's agents. */
export const production: HostProfile = {
  ...baseline,
  name: "production",
  ssh: {
    ...hardenedSsh,
    options: { ...hardenedSsh.options, MaxAuthTries: "3", LogLevel: "VERBOSE" },
  },
  guard: narrowGuard,
  bans: growingBans,
  kernel: strictKernel,
  updates: updatesWithReboot,
  journal: monthlyJournal,
  audit: watchfulAudit,
  system: strictSystem,
  packages: productionPackages,
};
