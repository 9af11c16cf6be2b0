import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, HttpFailure, JsonClient, type JsonRequest } from "../http/jsonClient";
import { type Pace, type Wait, waitFor } from "./waits";

export interface DigitalOceanOptions {
  /** Address of the API without `/v2`. */
  endpoint: string;
  token: string;
  /** How often a request is repeated at most; 0 = never. */
  retries: number;
  /** Shortest and longest pause between two tries, in seconds. */
  retryWait: { min: number; max: number };
  /** Requests sent per second at most; 0 = any number. */
  requestsPerSecond: number;
  /** How looks at something that is under way follow each other. */
  pace: Pace;
}

/** An answer of the API that means failure, in the words of the official client. */
export class DigitalOceanError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = "DigitalOceanError";
  }
}

/** A long-running piece of work, as the API reports it. */
export interface Action {
  id: number;
  status: string;
  completed_at: string | null;
}

/** How long an action is waited for, in seconds. */
const ACTION_TIMEOUT = 3600;

/** Client of DigitalOcean's API: retries, pauses between requests, and things waited for, as the official provider has them. */
export class DigitalOceanClient {
  private readonly http: JsonClient;
  private nextTurn = 0;

  constructor(private readonly options: DigitalOceanOptions) {
    const { min, max } = options.retryWait;
    this.http = new JsonClient({
      base: new URL(".", options.endpoint).href,
      headers: { authorization: `Bearer ${options.token}`, "user-agent": "creel-digitalocean" },
      retries: options.retries,
      shouldRetry: mayPass,
      delay: (attempt, answer) => retryAfter(answer) ?? Math.min(min * 2 ** attempt, max) * 1000,
    });
  }

  /**
   * One request to a path below `/v2`; the parsed body.
   *
   * @throws DigitalOceanError
   */
  async send<T>(method: JsonRequest["method"], path: string, signal: AbortSignal, body?: unknown): Promise<T> {
    await this.turn(signal);
    try {
      return (await this.http.send({ method, path: `/v2${path}`, signal, body })).body as T;
    } catch (error) {
      throw error instanceof HttpFailure ? this.describe(error) : error;
    }
  }

  /** The one thing at a path, or undefined if the API knows none. */
  async find<T>(path: string, key: string, signal: AbortSignal): Promise<T | undefined> {
    try {
      return (await this.send<Record<string, T>>("GET", path, signal))[key];
    } catch (error) {
      if (hasStatus(error, 404)) return undefined;
      throw error;
    }
  }

  /** @throws when the action fails, or is not over within an hour. */
  async settle(action: Action, signal: AbortSignal): Promise<void> {
    const look = async () => {
      const { action: now } = await this.send<{ action: Action }>("GET", `/actions/${action.id}`, signal);
      if (now.status === "errored") return { state: "errored" };
      return { state: now.completed_at ? "completed" : "in-progress" };
    };
    await this.wait({ look, pending: ["in-progress"], target: "completed", timeout: ACTION_TIMEOUT }, signal);
  }

  /** Looks at something, at the pace of this client, until it is in the state wanted. */
  wait(wait: Wait, signal: AbortSignal): Promise<void> {
    return waitFor(wait, this.options.pace, signal);
  }

  /** Keeps requests as far apart as was asked for. */
  private async turn(signal: AbortSignal): Promise<void> {
    const { requestsPerSecond } = this.options;
    if (requestsPerSecond <= 0) return;
    const now = Date.now();
    const mine = Math.max(now, this.nextTurn);
    this.nextTurn = mine + 1000 / requestsPerSecond;
    if (mine > now) await sleep(mine - now, undefined, { signal });
  }

  private describe({ request, answer }: HttpFailure): DigitalOceanError {
    const { message = "", request_id: id } = (answer.body ?? {}) as { message?: string; request_id?: string };
    const named = id ? ` (request "${id}")` : "";
    const { retries } = this.options;
    const tried = retries > 0 && mayPass(answer) ? `; giving up after ${retries + 1} attempt(s)` : "";
    const text = `${request.method} ${request.url}: ${answer.status}${named} ${message}${tried}`;
    return new DigitalOceanError(answer.status, text);
  }
}

/** What the official client repeats a request for: no answer, too many requests, and failures of the service. */
function mayPass(answer: Answer | undefined): boolean {
  if (answer === undefined || answer.status === 429) return true;
  return answer.status >= 500 && answer.status !== 501;
}

/** Milliseconds that the service asks to wait, however many they are; undefined = it does not say. */
function retryAfter(answer: Answer | undefined): number | undefined {
  if (answer?.status !== 429 && answer?.status !== 503) return undefined;
  const header = answer.headers.get("retry-after") ?? "";
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

export function hasStatus(error: unknown, ...status: number[]): boolean {
  return error instanceof DigitalOceanError && status.includes(error.status);
}

/** The same failure with what was being done before it: "Error creating droplet: …". */
export async function explain<T>(doing: string, work: Promise<T>): Promise<T> {
  return work.catch((error: Error) => {
    const message = `${doing}: ${error.message}`;
    throw error instanceof DigitalOceanError ? new DigitalOceanError(error.status, message) : new Error(message);
  });
}
