import { open } from "node:fs/promises";
import { Command, Option } from "commander";
import pc from "picocolors";
import type { LogLine } from "../sandbox/edge/decisions";
import { readWorld } from "../sandbox/world";
import { followLines } from "./followLines";

interface LogOptions {
  json?: boolean;
  follow?: boolean;
  host?: string;
  verdict?: string;
}

const verdicts = ["answer", "login", "block", "registered", "refused", "configured", "config-refused", "gone"];

/** `creel sandbox log`: what Cloudflare's edge in the sandbox decided about every request, and about connectors. */
export function logCommand(): Command {
  return new Command("log")
    .description("show what the edge decided: who answered each request and why, and which connectors came and went")
    .option("--json", "the lines as they are in the file, one JSON document each, with every step")
    .option("--follow", "go on with what is yet to come")
    .option("--host <name>", "only requests for this hostname")
    .addOption(new Option("--verdict <verdict>", "only what ended so").choices(verdicts))
    .action(showLog);
}

async function showLog(options: LogOptions): Promise<void> {
  const world = await readWorld();
  if (!world) throw new Error("The sandbox is not up: run `creel sandbox up`");
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort());
  // Read by `head` and the like, which leave early.
  process.stdout.once("error", () => stop.abort());
  const file = await open(world.edge.log).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") throw new Error(`${world.edge.log} is missing: the edge has not run yet`);
    throw error;
  });
  try {
    for await (const text of followLines(file, { follow: options.follow === true, signal: stop.signal })) {
      const line = parsed(text);
      if (line && isWanted(line, options)) process.stdout.write(`${options.json ? text : readable(line)}\n`);
    }
  } finally {
    await file.close();
  }
}

/** A line of the file; undefined when it is none, as the last one may be after a crash. */
function parsed(text: string): LogLine | undefined {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return undefined;
  }
}

/** Whether a line is about that host and ended with that verdict. */
export function isWanted(line: LogLine, { host, verdict }: Pick<LogOptions, "host" | "verdict">): boolean {
  if (host !== undefined && (line.kind !== "request" || line.host !== host.toLowerCase())) return false;
  return verdict === undefined || verdictOf(line) === verdict;
}

/** How it ended. Of a request that is the last step's verdict, where "pass" cannot be. */
function verdictOf(line: LogLine): string | undefined {
  return line.kind === "connector" ? line.verdict : line.steps.at(-1)?.verdict;
}

/** A line for people: time, outcome, who decided, what was asked, why. */
export function readable(line: LogLine): string {
  const time = line.time.slice(11, 19);
  if (line.kind === "connector") {
    const colour = line.verdict === "refused" || line.verdict === "config-refused" ? pc.red : pc.cyan;
    const connection = line.replica === undefined ? "" : ` connection ${line.replica}`;
    const rest = `tunnel ${line.tunnel}${connection}: ${line.reason}`;
    return `${time}  ${colour(line.verdict.padEnd(14))}  ${printable(rest)}`;
  }
  const { status, by, method, host, path, reason, client, country, ray, milliseconds } = line;
  const verdict = verdictOf(line);
  const colour = verdict === "block" ? pc.red : verdict === "login" ? pc.yellow : pc.green;
  const outcome = colour(`${status === 0 ? "---" : status} ${by}`.padEnd(14));
  const asked = [method, `${host}${path}`].filter((part) => part !== "").join(" ");
  const rest = `${asked}  ${reason}  (${client} ${country}, ${milliseconds} ms, ray ${ray})`;
  return `${time}  ${outcome}  ${printable(rest)}`;
}

/** Without what would steer a terminal: hosts and paths are anybody's to choose. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\x00-\x1f\x7f-\x9f]/g, "?");
}
