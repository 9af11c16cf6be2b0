import { ago, duration, unknown } from "./duration";
import type { AgentRow, FleetStatus, ServerRow } from "./fleetStatus";
import { shortImage } from "./shortImage";
import { colours, oneLine, tableText } from "./terminal";

const serverHead = ["server", "state", "profile", "hardened", "agents", "free", "up", "last boot", "updates", "bans"];
const agentHead = ["agent", "server", "health", "image", "memory", "up", "restarts", "address"];

/** Servers and agents as two tables. */
export function statusText({ servers, agents }: FleetStatus): string {
  return [tableText(serverHead, servers.map(serverCells)), tableText(agentHead, agents.map(agentCells))].join("\n");
}

function serverCells(row: ServerRow): string[] {
  const c = colours();
  if (row.reachable === undefined)
    return [row.server, c.dim("asked"), ...["", ""], `${row.agents}`, ...Array(5).fill("")];
  if (!row.reachable) {
    return [
      row.server,
      c.red(`dead: ${oneLine(row.failure ?? "")}`),
      ...["", ""],
      `${row.agents}`,
      ...Array(5).fill(""),
    ];
  }
  const { updates, securityUpdates } = row;
  return [
    row.server,
    row.rebootRequired ? c.yellow("wants a reboot") : c.green("reachable"),
    oneLine(row.profile ?? unknown),
    row.convergeOk === false ? c.red("failed") : ago(row.convergeAge),
    `${row.agents}`,
    row.memoryMiB === undefined ? unknown : `${row.memoryFreeMiB} of ${row.memoryMiB} MiB`,
    duration(row.uptime),
    row.lastBoot?.slice(0, 16).replace("T", " ") ?? unknown,
    updates === undefined
      ? unknown
      : securityUpdates
        ? c.yellow(`${updates} (${securityUpdates} security)`)
        : `${updates}`,
    row.bans === undefined ? unknown : `${row.bans}`,
  ];
}

function agentCells(row: AgentRow): string[] {
  const c = colours();
  const paint = row.health === "healthy" ? c.green : row.health === "starting" ? c.yellow : c.red;
  const image = shortImage(row.image);
  return [
    row.agent,
    row.server,
    paint(oneLine(row.health)),
    row.imageExpected === false ? c.red(`${image} (not as deployed)`) : image,
    row.memoryMiB === undefined ? unknown : `${row.memoryMiB} MiB`,
    duration(row.uptime),
    `${row.restarts ?? unknown}`,
    row.url,
  ];
}
