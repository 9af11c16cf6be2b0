import { accessCases } from "./cases/access";
import { commandCases } from "./cases/commands";
import { configurationCases } from "./cases/configuration";
import { ingressCases } from "./cases/ingress";
import { lifeCases } from "./cases/life";
import { registrationCases } from "./cases/registration";
import { trafficCases } from "./cases/traffic";
import { webSocketCases } from "./cases/webSockets";
import type { Stage } from "./stage";

/** One thing that every connector does, the real one and the stand-in. */
export interface Case {
  title: string;
  /** How long it may take. Default: 20 seconds. */
  milliseconds?: number;
  run(stage: Stage): Promise<void>;
}

/** The table that holds the stand-in to what cloudflared 2026.8.2 does, by subject. */
export const cases: Record<string, Case[]> = {
  commands: commandCases,
  registration: registrationCases,
  configuration: configurationCases,
  ingress: ingressCases,
  access: accessCases,
  traffic: trafficCases,
  WebSockets: webSocketCases,
  "life and end": lifeCases,
};
