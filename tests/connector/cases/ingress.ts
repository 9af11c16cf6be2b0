import { expect } from "vitest";
import type { Case } from "../cases";
import { hostname, nothingElse, type Stage } from "../stage";

/** Rules of a tunnel, each with a status of its own in place of a service, and one with the origin. */
const rules = (origin: string) => [
  { hostname, path: "^/exact$", service: "http_status:201" },
  { hostname, path: "^/api/", service: origin },
  { hostname, path: "loose", service: "http_status:202" },
  { hostname, path: "^/two", service: "http_status:203" },
  { hostname, path: "^/two", service: "http_status:204" },
  { hostname: "*.wild.example.com", service: "http_status:205" },
  { hostname: "bücher.example.com", service: "http_status:206" },
  nothingElse,
];

interface Route {
  host?: string;
  target: string;
  status: number;
}

/** What is matched, and how: by the decoded path, anywhere in it, and with the case it has. */
const routes: Route[] = [
  { target: "/exact", status: 201 },
  { target: "/exact?query=/other", status: 201 },
  { target: "/ex%61ct", status: 201 },
  { target: "/exact/", status: 404 },
  { target: "/exact/../exact", status: 404 },
  { target: "//exact", status: 404 },
  { target: "/Exact", status: 404 },
  { target: "/exact%0a", status: 404 },
  { target: "/exact%2f", status: 404 },
  { target: "/a/loose/end", status: 202 },
  { target: "/a%2floose", status: 202 },
  { target: "/two", status: 203 },
  { target: "/", status: 404 },
  { host: "b.example.com", target: "/exact", status: 404 },
  { host: "A.example.com", target: "/exact", status: 404 },
  { host: `${hostname}:8443`, target: "/exact", status: 201 },
  { host: "x.wild.example.com", target: "/", status: 205 },
  { host: "x.y.wild.example.com", target: "/", status: 205 },
  { host: "wild.example.com", target: "/", status: 404 },
  { host: "xn--bcher-kva.example.com", target: "/", status: 206 },
];

/** Paths that a prefix rule lets through; the origin gets them as they were written. */
const throughPrefix = [
  "/api/x",
  "/api/../admin",
  "/api/%2e%2e/admin",
  "/api/..%2fadmin",
  "/%61pi/x",
  "/api//x",
  "/api/a?b=%2F",
];

export const ingressCases: Case[] = [
  ...routes.map(({ host = hostname, target, status }) => ({
    title: `${host}${target} is answered with ${status}`,
    run: async (stage: Stage) => {
      const { status: got, source } = await stage.ask(await routed(stage), { host, target });
      expect({ got, source }).toEqual({ got: status, source: "origin" });
    },
  })),
  ...throughPrefix.map((target) => ({
    title: `^/api/ lets ${target} through as it is`,
    run: async (stage: Stage) => {
      const { status, received } = await stage.ask(await routed(stage), { target });
      expect({ status, target: received?.target }).toEqual({ status: 200, target });
    },
  })),
];

async function routed(stage: Stage) {
  return (await stage.shared("ingress", () => stage.connect(rules(stage.origin.url)))).tunnel;
}
