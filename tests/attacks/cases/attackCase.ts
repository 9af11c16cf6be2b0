import type { Credentials } from "../credentials";
import { githubHeaders, slackHeaders } from "../webhooks";
import type { RawRequest } from "../wire";

/** One attack, and what has to come of it. */
export interface AttackCase {
  title: string;
  request(c: Credentials): RawRequest;
  /** Who has to refuse it, with which status. */
  refused: { by: "edge" | "waf" | "access" | "connector" | "origin"; status: number };
}

/** Hostnames of the fleet under attack. */
export const hosts = {
  operator: "atlas-ana.example.com",
  bot: "atlas-bot.example.com",
  otherOperator: "borea-ben.example.com",
  otherBot: "borea-bot.example.com",
};

export const event = '{"zen":"Keep it logically awesome."}';
export const json: [string, string] = ["Content-Type", "application/json"];

/** A good GitHub webhook for a target of the attacker's choice. */
export function signed(c: Credentials, target: string, headers: [string, string][] = []): RawRequest {
  const host = hosts.bot;
  return {
    host,
    method: "POST",
    target,
    headers: [json, ...githubHeaders(c.githubSecret, event), ...headers],
    body: event,
  };
}

export const login = { by: "access", status: 302 } as const;
export const blocked = { by: "waf", status: 403 } as const;

/** A good Slack webhook. */
export function signedForSlack(c: Credentials, host: string, at?: number): RawRequest {
  return {
    host,
    method: "POST",
    target: "/slack/events",
    headers: [json, ...slackHeaders(c.slackSecret, event, at)],
    body: event,
  };
}

/** What asks to become a WebSocket. */
export const upgrade: [string, string][] = [
  ["Upgrade", "websocket"],
  ["Connection", "Upgrade"],
  ["Sec-WebSocket-Version", "13"],
  ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="],
];
