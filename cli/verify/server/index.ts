import type { Control } from "../control";
import { audit } from "./audit";
import { drift } from "./drift";
import { firewall } from "./firewall";
import { guard } from "./guard";
import { hardened } from "./hardened";
import { ports } from "./ports";
import { secretFiles } from "./secretFiles";
import { sshAlgorithms } from "./sshAlgorithms";
import { sshSettings } from "./sshSettings";
import { strangers } from "./strangers";
import type { SurveyedServer } from "./subject";

/** What must be so of every server. */
export const serverControls: Control<SurveyedServer>[] = [
  hardened,
  drift,
  sshSettings,
  sshAlgorithms,
  firewall,
  guard,
  ports,
  secretFiles,
  strangers,
  audit,
];
