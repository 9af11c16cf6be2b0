import type { FleetOutput, ServiceTokens } from "../fleet";
import { type DeepSurvey, type Surveyed, surveyDeeply } from "../survey";
import { containerControls } from "./container";
import type { CagedContainer } from "./container/subject";
import type { Control, Finding } from "./control";
import type { Outside } from "./outside";
import { botControls, operatorControls } from "./public";
import { lookAtBot, lookAtOperator } from "./public/hostnames";
import type { OperatorHostname, PublicHostname } from "./public/subject";
import { serverControls } from "./server";
import { triedPorts } from "./server/ports";

/** One control on one thing, and what was seen. */
export interface Result extends Finding {
  /** Where it was looked from: on the server, or from here. */
  where: "server" | "container" | "public";
  /** Name of the server, container or hostname. */
  subject: string;
  /** Name of the control. */
  id: string;
  title: string;
  /** What is allowed, in words. */
  allowed: string;
}

/** What is told while it goes on: the name of what has been looked at. */
export type Progress = (subject: string, results: Result[]) => void;

/** How long to wait, and who is told. */
export interface VerifyOptions {
  /** Seconds after which a server counts as dead. */
  seconds: number;
  progress?: Progress;
  /** Service tokens of each tenant, to try at every agent's door. Default: none is tried. */
  tokens?: ServiceTokens;
  /** Ends connections to servers before they have answered. */
  signal?: AbortSignal;
}

/** Judges every server, container and hostname of a fleet at the same time; one that is dead delays no other. */
export async function verifyFleet(fleet: FleetOutput, outside: Outside, options: VerifyOptions): Promise<Result[]> {
  const tell = async (subject: string, looking: Promise<{ results: Result[] }>) => {
    const { results } = await looking;
    options.progress?.(subject, results);
    return results;
  };
  const servers = Object.keys(fleet.servers).map((name) => tell(name, verifyServer(name, fleet, outside, options)));
  const hostnames = entrancesOf(fleet).map((entrance) =>
    tell(entrance.hostname, verifyEntrance(entrance, fleet, outside, options)),
  );
  return (await Promise.all([...servers, ...hostnames])).flat();
}

/** 0: everything holds; 1: something is broken; 2: nothing is broken, but something could not be seen. */
export function exitCodeOf(results: Result[]): 0 | 1 | 2 {
  if (results.some(({ verdict }) => verdict === "broken")) return 1;
  return results.some(({ verdict }) => verdict === "unknown") ? 2 : 0;
}

/** A server that was looked at: what it answered, and what follows for it and its containers. */
export interface VerifiedServer {
  answer: Surveyed<DeepSurvey>;
  results: Result[];
}

/** Looks at a server and the containers on it. Never throws for what a server does. */
export async function verifyServer(
  name: string,
  fleet: FleetOutput,
  outside: Outside,
  { seconds, signal }: Pick<VerifyOptions, "seconds" | "signal">,
): Promise<VerifiedServer> {
  const server = fleet.servers[name]!;
  const [answer, openPorts] = await Promise.all([
    surveyDeeply(server, seconds, signal),
    outside.openPorts(server.ipv4, triedPorts),
  ]);
  return { answer, results: judgedServer(name, fleet, answer, openPorts) };
}

function judgedServer(name: string, fleet: FleetOutput, answer: Surveyed<DeepSurvey>, openPorts: number[]): Result[] {
  if ("failure" in answer) {
    const seen = answer.failure;
    const reachable = { id: "reachable", title: "it answers", allowed: "a survey over SSH" };
    return [{ where: "server", subject: name, ...reachable, verdict: "unknown", seen }];
  }
  const { survey } = answer;
  const { user } = fleet.servers[name]!;
  const wanted = containersOn(name, fleet);
  const expected = new Map(wanted.map(({ container, uid }) => [container, uid]));
  const results = judged("server", name, serverControls, { survey, user, expected, openPorts });
  // Without Docker's answer the control of strangers says so already.
  if ("error" in survey.containers) return results;
  const found = new Map(survey.containers.ok.map((one) => [one.name, one]));
  return [
    ...results,
    ...wanted.flatMap(({ container, ...rest }) => {
      const one = found.get(container);
      return one ? judged("container", container, containerControls, { found: one, ...rest }) : [missing(container)];
    }),
  ];
}

/** The containers that should be on a server: its agents and their connectors. */
export function containersOn(
  server: string,
  { agents }: FleetOutput,
): (Omit<CagedContainer, "found"> & { container: string })[] {
  return Object.entries(agents)
    .filter(([, agent]) => agent.server === server)
    .flatMap(([agent, { container, uid, image, botUrl }]) => [
      { container, agent, uid, image },
      // Ids of connectors lie as far from their agents' as the program that deploys them says.
      { container: `${agent}-connector`, agent, uid: uid + 20_000 },
      ...(botUrl === undefined ? [] : [{ container: `${agent}-connector-bot`, agent, uid: uid + 60_000 }]),
    ]);
}

function missing(container: string): Result {
  const control = { id: "present", title: "it is there", allowed: "every container of the stack" };
  return { where: "container", subject: container, ...control, verdict: "broken", seen: "there is no such container" };
}

/** A hostname of an agent. */
export interface Entrance {
  hostname: string;
  /** Name of the agent. */
  agent: string;
  /** Who comes in there: people who log in, or services that call. */
  surface: "operator" | "bot";
}

/** The hostnames of a fleet, agent by agent. */
export function entrancesOf({ agents }: FleetOutput): Entrance[] {
  return Object.entries(agents).flatMap(([agent, { url, botUrl }]) => [
    { agent, hostname: new URL(url).hostname, surface: "operator" as const },
    ...(botUrl === undefined ? [] : [{ agent, hostname: new URL(botUrl).hostname, surface: "bot" as const }]),
  ]);
}

/** A hostname that was looked at: what the internet sees, and what follows for it. */
export interface VerifiedEntrance {
  seen: PublicHostname & Partial<OperatorHostname>;
  results: Result[];
}

/** Looks at a hostname from here. Never throws for what a server or the network does. */
export async function verifyEntrance(
  { agent: name, hostname, surface }: Entrance,
  fleet: FleetOutput,
  outside: Outside,
  { tokens }: Pick<VerifyOptions, "tokens">,
): Promise<VerifiedEntrance> {
  const agent = fleet.agents[name]!;
  if (surface === "operator") {
    const seen = await lookAtOperator(agent, fleet, outside, tokens);
    return { seen, results: judged("public", hostname, operatorControls(seen), seen) };
  }
  const seen = await lookAtBot(agent.botUrl!, fleet, outside);
  return { seen, results: judged("public", hostname, botControls, seen) };
}

function judged<S>(where: Result["where"], subject: string, controls: Control<S>[], of: S): Result[] {
  return controls.map(({ id, title, allowed, judge }) => ({ where, subject, id, title, allowed, ...judge(of) }));
}
