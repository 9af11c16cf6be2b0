import { randomUUID } from "node:crypto";
import { retry } from "@octokit/plugin-retry";
import { throttling } from "@octokit/plugin-throttling";
import { Octokit } from "@octokit/rest";

const Client = Octokit.plugin(retry, throttling);

/** Seconds that are waited at most for GitHub's limits, each time; a job that waits longer should end and say so. */
const mostPatience = 300;

/** A repository on GitHub, and whose words in it are ours. */
export interface Repository {
  api: InstanceType<typeof Client>;
  owner: string;
  repo: string;
  /** Login whose comments and issues may be changed: nobody else's, whatever they say. */
  author: string;
}

/** What a client can be told. */
export interface ConnectOptions {
  /** Login of whoever the token belongs to. Default: github-actions[bot], as a workflow's own token does. */
  author?: string;
  env?: Record<string, string | undefined>;
  /** Milliseconds in a second of waiting. Default: 1000 */
  second?: number;
}

/**
 * Connects to the repository that a workflow runs in: GITHUB_TOKEN, GITHUB_REPOSITORY and GITHUB_API_URL as GitHub Actions
 * sets them. Waits for as long as GitHub's limits ask, and asks again where its servers fail.
 *
 * @throws with everything that is missing
 */
export function connectGitHub({ author, env = process.env, second = 1000 }: ConnectOptions = {}): Repository {
  const { GITHUB_TOKEN: token, GITHUB_REPOSITORY: name = "", GITHUB_API_URL: baseUrl = "https://api.github.com" } = env;
  const [owner, repo] = /^([\w.-]+)\/([\w.-]+)$/.exec(name)?.slice(1) ?? [];
  const missing = [
    ...(token ? [] : ["  GITHUB_TOKEN       is missing: give it to the step, as GITHUB_TOKEN: ${{ github.token }}"]),
    ...(owner && repo ? [] : [`  GITHUB_REPOSITORY  "${name}" is not OWNER/NAME: workflows have it, elsewhere set it`]),
  ];
  if (!owner || !repo || missing.length > 0) throw new Error(["GitHub cannot be asked", ...missing].join("\n"));
  const wait = (seconds: number, options: { method: string; url: string }, _api: unknown, retries: number) => {
    console.error(`GitHub's limit is reached, ${options.method} ${options.url} asks for ${seconds} s`);
    return seconds <= mostPatience && retries < 3;
  };
  const api = new Client({
    auth: token,
    baseUrl: baseUrl.replace(/\/$/, ""),
    userAgent: "creel",
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    // 429 is a limit, which the other plugin waits for.
    retry: { doNotRetry: [400, 401, 403, 404, 410, 422, 429, 451], retryAfterBaseValue: second },
    // Its pauses between writes are counted by this id, and are this connection's own.
    throttle: { id: randomUUID(), onRateLimit: wait, onSecondaryRateLimit: wait, retryAfterBaseValue: second },
  });
  return { api, owner, repo, author: author ?? "github-actions[bot]" };
}

/** Options of a request that makes something: sent once, because GitHub may have done it and failed to say so. */
export const once = { request: { retries: 0 } };

/** Whether an error says that GitHub failed, not that it refused. */
export function isOutage(error: unknown): boolean {
  return statusOf(error) >= 500;
}

/** The status that GitHub answered, or 0. */
export function statusOf(error: unknown): number {
  const { status } = error as { status?: unknown };
  return typeof status === "number" ? status : 0;
}

/** What GitHub answered, with what helps. Never holds the token. */
export function explained(error: unknown, what: string): Error {
  const status = statusOf(error);
  const { message, response } = error as Error & { response?: { headers?: Record<string, string | undefined> } };
  // Octokit ends its messages with the address of a page about the call.
  const answer = message.replace(/ - https:\/\/\S+$/, "");
  const isLimit = response?.headers?.["x-ratelimit-remaining"] === "0" || /secondary rate/i.test(message);
  return new Error(`${what}: GitHub answers ${status || "nothing"}, ${answer}. ${remedy(status, isLimit)}`.trim());
}

function remedy(status: number, isLimit: boolean): string {
  if (isLimit) return "Its limit of requests is used up: run the job again later.";
  if (status === 401) return "The token is wrong or has ended.";
  if (status === 403)
    return "The token may not do this: see the permissions of the job. Those of a fork may only read.";
  if (status === 404) return "There is no such number or repository, or the token may not see it.";
  if (status === 410) return "Issues are switched off in this repository's settings.";
  return "";
}
