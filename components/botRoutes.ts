import { type AgentRuntime, runtimes } from "../profiles/runtimes";
import { type Webhook, webhooks } from "../profiles/webhooks";
import { contentTypeFaults, type EdgeRoute, routeMethodFaults, routePathFaults } from "./edgeFragment";
import type { Fault } from "./faults";
import { didYouMean } from "./suggestions";

/** The services whose webhooks Creel knows. */
export const WebhookName = {
  Slack: "slack",
  Telegram: "telegram",
  GitHub: "github",
  Discord: "discord",
  Stripe: "stripe",
  GoogleChat: "googlechat",
  Teams: "teams",
  Twilio: "twilio",
} as const satisfies Record<string, keyof typeof webhooks>;
export type WebhookName = (typeof WebhookName)[keyof typeof WebhookName];

/** One path of an agent that is open to everybody, and whose requests the agent itself tells from forged ones. */
export interface BotRoute {
  /** Service whose paths, methods, content types and secret are taken where nothing else is written. Default: none. */
  preset?: WebhookName;
  /** Path, compared exactly: segments of letters, digits and `.`, `_`, `~`, `-`. Default: the preset's. */
  path?: string;
  /** HTTP methods that are let through, in upper case. Default: the preset's, else POST. */
  methods?: string[];
  /**
   * Media types that are let through, without parameters; an empty list lets any through. Default: the preset's, else
   * application/json, or any where a method without a body is among the methods.
   */
  contentTypes?: string[];
  /** TCP port on which the agent answers it. Default: the preset's for the agent's runtime, else the agent's own. */
  port?: number;
  /** Name of the secret by which the agent tells real requests from forged ones; it must have it. Default: the preset's. */
  secret?: string;
}

/** What is open to everybody at an agent's bot hostname. */
export interface BotSurface {
  /** Name under which services reach the agent: not its operator hostname, and in the same zone. */
  hostname: string;
  /** The paths that are open; every other one is answered with 404. */
  routes: BotRoute[];
}

/** What routes need to know of their agent. */
export interface RoutedAgent {
  /** Name of its runtime. */
  runtime: string;
  /** TCP port on which it listens. */
  port: number;
  /** Names of its secrets. */
  secretNames: string[];
}

/** A route with everything filled in. */
export interface FullRoute extends EdgeRoute {
  port: number;
  secret: string;
  /** Header field that carries the proof; undefined where no preset says so. */
  signature?: string;
}

/** Methods whose requests have a body, and so a content type. */
const withBody = ["POST", "PUT", "PATCH"];

/** The routes with what their presets say, as far as they say anything. */
function filled({ preset, ...written }: BotRoute, agent: RoutedAgent): Partial<FullRoute> {
  const known: Webhook | undefined =
    preset !== undefined && Object.hasOwn(webhooks, preset) ? webhooks[preset] : undefined;
  const methods = written.methods ?? known?.methods ?? ["POST"];
  return {
    path: written.path ?? known?.path,
    methods,
    contentTypes:
      written.contentTypes ??
      known?.contentTypes ??
      (methods.every((method) => withBody.includes(method)) ? ["application/json"] : []),
    port: written.port ?? known?.ports[agent.runtime] ?? agent.port,
    secret: written.secret ?? known?.secret,
    signature: known?.signature,
  };
}

/** Routes without a fault, with everything filled in. */
export function fullRoutes(routes: BotRoute[], agent: RoutedAgent): FullRoute[] {
  return routes.map((route) => filled(route, agent) as FullRoute);
}

/**
 * Everything that is wrong with an agent's routes, as far as they are written.
 *
 * @param setSecret what to do about a secret that the agent does not have
 */
export function routeFaults(
  path: string,
  routes: BotRoute[],
  agent: RoutedAgent,
  setSecret: (name: string) => string,
): Fault[] {
  if (routes.length === 0) {
    return [{ path, reason: "is empty", remedy: "declare what is open, or leave the bot surface out" }];
  }
  const declared = new Map<string, string>();
  return routes.flatMap((route, i): Fault[] => {
    const at = `${path}[${i}]`;
    if (route.preset !== undefined && !Object.hasOwn(webhooks, route.preset)) {
      const remedy = didYouMean(route.preset, Object.keys(webhooks), "presets");
      return [{ path: `${at}.preset`, value: route.preset, reason: "is not a preset", remedy }];
    }
    const full = filled(route, agent);
    const found = [
      ...(full.path === undefined
        ? [{ path: `${at}.path`, reason: "is missing", remedy: "write a preset's name, or a path such as /hooks/x" }]
        : [
            ...botPathFaults(`${at}.path`, full.path),
            ...operatorPathFaults(`${at}.path`, full.path, full.port, agent),
          ]),
      ...(full.methods!.length === 0
        ? [{ path: `${at}.methods`, reason: "is empty", remedy: "write POST, or leave it out" }]
        : []),
      ...full.methods!.flatMap((method, n) => routeMethodFaults(`${at}.methods[${n}]`, method)),
      ...full.contentTypes!.flatMap((type, n) => contentTypeFaults(`${at}.contentTypes[${n}]`, type)),
      ...portFaults(`${at}.port`, full.port!),
      ...secretFaults(`${at}.secret`, full.secret, agent, setSecret),
    ];
    const holder = declared.get(full.path ?? "");
    if (full.path !== undefined && holder !== undefined) {
      const remedy = "write each path once, with all its methods and content types";
      found.push({ path: `${at}.path`, value: full.path, reason: `is declared by ${holder} already`, remedy });
    } else if (full.path !== undefined) declared.set(full.path, at);
    return found;
  });
}

/** What is wrong with the path of a route: it has to read in one way only, and must not be what others answer. */
function botPathFaults(path: string, text: string): Fault[] {
  const fault = (reason: string, remedy: string): Fault[] => [{ path, value: text, reason, remedy }];
  if (text.includes("%"))
    return fault("holds an escape, which programs on the way read differently", "write a path that needs none");
  if (/[?#]/.test(text)) return fault("holds a query", "write the path alone; queries are passed on as they come");
  const faults = routePathFaults(path, text);
  if (faults.length > 0) return faults;
  if (text === "/") return fault("is the agent's front page", "write a path below it, such as /hooks/github");
  if (text.endsWith("/")) return fault("ends with a slash", `write ${text.slice(0, -1)}`);
  if (/^\/cdn-cgi(\/|$)/i.test(text)) {
    return fault("is answered by Cloudflare itself", "write a path that does not begin with /cdn-cgi");
  }
  return [];
}

/** What is wrong with a path that the agent's runtime keeps for its operators. */
function operatorPathFaults(path: string, text: string, port: number | undefined, agent: RoutedAgent): Fault[] {
  const known: Record<string, AgentRuntime> = runtimes;
  const { operatorPaths = [] } = Object.hasOwn(known, agent.runtime) ? known[agent.runtime]! : {};
  const kept = operatorPaths.find((prefix) => `${text}/`.toLowerCase().startsWith(`${prefix}/`));
  if (kept === undefined || port !== agent.port) return [];
  const remedy = `write a path outside of ${kept}, or the port of another program that answers it`;
  return [{ path, value: text, reason: `is for the operators of ${agent.runtime} alone`, remedy }];
}

function portFaults(path: string, port: number): Fault[] {
  if (Number.isInteger(port) && port >= 1 && port <= 65535) return [];
  return [{ path, value: port, reason: "is not a TCP port", remedy: "write a whole number from 1 to 65535" }];
}

function secretFaults(
  path: string,
  secret: string | undefined,
  { secretNames }: RoutedAgent,
  setSecret: (name: string) => string,
): Fault[] {
  if (secret === undefined) {
    const remedy = "write the name of the secret by which the agent tells real requests from forged ones";
    return [{ path, reason: "is missing", remedy }];
  }
  if (secretNames.includes(secret)) return [];
  return [{ path, value: secret, reason: "is not among the agent's secrets, or is empty", remedy: setSecret(secret) }];
}
