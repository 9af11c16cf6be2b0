import type { FleetOutput } from "../fleet";
import type { Outside } from "../verify/outside";
import {
  entrancesOf,
  type VerifiedEntrance,
  type VerifiedServer,
  type VerifyOptions,
  verifyEntrance,
  verifyServer,
} from "../verify/verifyFleet";

/** When something was looked at, in ISO 8601, and what was found. */
export type Seen<T> = T & { at: string };

/** What has been found out about a fleet; what is not in it has not been looked at yet. */
export interface FleetSeen {
  /** By name. */
  servers: Record<string, Seen<VerifiedServer>>;
  /** By hostname. */
  entrances: Record<string, Seen<VerifiedEntrance>>;
}

/** One thing of a fleet that can be looked at by itself. */
export interface Look {
  /** Name of the server, or hostname. */
  subject: string;
  /** Looks at it and puts down what was found. Never throws for what is out there. */
  look(options: VerifyOptions): Promise<void>;
}

/** Everything that there is to look at; what is found goes into `seen`. */
export function looksOf(fleet: FleetOutput, outside: Outside, seen: FleetSeen): Look[] {
  const servers = Object.keys(fleet.servers).map((subject) => ({
    subject,
    look: async (options: VerifyOptions) => {
      const found = await verifyServer(subject, fleet, outside, options);
      seen.servers[subject] = { ...found, at: new Date().toISOString() };
      options.progress?.(subject, found.results);
    },
  }));
  const entrances = entrancesOf(fleet).map((entrance) => ({
    subject: entrance.hostname,
    look: async (options: VerifyOptions) => {
      const found = await verifyEntrance(entrance, fleet, outside, options);
      seen.entrances[entrance.hostname] = { ...found, at: new Date().toISOString() };
      options.progress?.(entrance.hostname, found.results);
    },
  }));
  return [...servers, ...entrances];
}

/** Nothing has been looked at. */
export function nothingSeen(): FleetSeen {
  return { servers: {}, entrances: {} };
}

/** Looks at everything once and at the same time; one that is dead delays no other. */
export async function lookAtFleet(fleet: FleetOutput, outside: Outside, options: VerifyOptions): Promise<FleetSeen> {
  const seen = nothingSeen();
  await Promise.all(looksOf(fleet, outside, seen).map(({ look }) => look(options)));
  return seen;
}
