import { type Control, faultsFinding } from "../control";
import type { SurveyedServer } from "./subject";

/** Ports to try: web, mail, databases, Docker, dashboards and the agents' own. */
export const triedPorts = [
  21, 22, 23, 25, 53, 80, 111, 443, 2375, 2376, 3000, 3306, 3389, 3978, 5432, 5678, 6379, 8080, 8443, 8787, 9000, 9090,
  9100, 10250, 18789, 27017,
];

export const ports: Control<SurveyedServer> = {
  id: "ports",
  title: "no port but SSH answers from outside",
  allowed: "22, and that only to the operators' networks",
  judge: ({ openPorts }) =>
    faultsFinding(
      openPorts.filter((port) => port !== 22).map((port) => `${port} answers`),
      `${openPorts.join(", ") || "none"} of ${triedPorts.length} tried`,
    ),
};
