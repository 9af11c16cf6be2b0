import type { AgentRow, FleetStatus, ServerRow } from "./fleetStatus";
import { colours, oneLine, tableText } from "./terminal";

const unknown = "?";
const serverHead = ["server", "state", "profile", "hardened", "agents", "free", "up", "last boot", "updates", "bans"];
const agentHead = ["agent", "server", "health", "image", "memory", "up", "restarts", "address"];

/** Servers and agents as two tables. */
export function statusText({ servers, agents }: FleetStatus): string {
  return [tableText(serverHead, servers.map(serverCells)), tableText(agentHead, agents.map(agentCells))].join("\n");
}

function serverCells(row: ServerRow): string[] {
  const c = colours();
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

/** The last part of the repository and the first digits of the digest. */
function shortImage(image: string | undefined): string {
  if (image === undefined) return unknown;
  const [repository = "", digest = ""] = oneLine(image).split("@sha256:");
  return `${repository.split("/").at(-1)}@${digest.slice(0, 12)}`;
}

function ago(seconds: number | undefined): string {
  return seconds === undefined ? unknown : `${duration(seconds)} ago`;
}

/** A duration in its largest unit, as "3 h". */
function duration(seconds: number | undefined): string {
  if (seconds === undefined) return unknown;
  const units: [string, number][] = [
    ["d", 86_400],
    ["h", 3600],
    ["min", 60],
  ];
  const unit = units.find(([, size]) => seconds >= size);
  return unit === undefined ? `${seconds} s` : `${Math.floor(seconds / unit[1])} ${unit[0]}`;
}
