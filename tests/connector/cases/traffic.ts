import { createHash, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { expect } from "vitest";
import { serverCertificate } from "../../../sandbox/certificates";
import type { HeaderList } from "../../../sandbox/edge/request";
import type { Case } from "../cases";
import { until } from "../connector";
import { startOrigin } from "../origin";
import { hostname, nothingElse, type Stage } from "../stage";

const large = randomBytes(5 * 1024 * 1024);
const hash = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

export const trafficCases: Case[] = [
  {
    title: "what a client sends reaches the origin, identities included, and the connector adds its own id",
    run: async (stage) => {
      const { tunnel } = await plain(stage);
      const sent: HeaderList = [
        ["cf-access-client-id", "id"],
        ["cf-access-client-secret", "secret"],
        ["cf-access-jwt-assertion", "token"],
        ["cf-access-authenticated-user-email", "eve@example.com"],
        ["x-forwarded-for", "192.0.2.1"],
        ["accept-encoding", "gzip"],
      ];
      const { received } = await stage.ask(tunnel, { target: "/a?b=c&d=%20", headers: sent });
      expect(received).toMatchObject({ method: "GET", target: "/a?b=c&d=%20" });
      expect(received!.headers).toMatchObject({
        host: hostname,
        connection: "keep-alive",
        ...Object.fromEntries(sent),
      });
      expect(received!.headers["user-agent"]).toBeUndefined();
      expect(received!.headers["cf-warp-tag-id"]).toBe(tunnel.tunnel.connections[0]!.client_id);
    },
  },
  {
    title: "an origin's headers come packed: repeated, with any case, and never as orders to the edge",
    run: async (stage) => {
      const { headers, source } = await stage.ask((await plain(stage)).tunnel, { target: "/headers" });
      expect(source).toBe("origin");
      expect(headers.filter(([name]) => name === "set-cookie").map(([, value]) => value)).toEqual(["a=1", "b=2"]);
      expect(headers).toContainEqual(["x-mixed-case", "kept; as:is"]);
      expect(headers.map(([name]) => name)).not.toContain("cf-cloudflared-response-meta");
    },
  },
  ...(["teapot", "empty"] as const).map((kind) => ({
    title: `a status of the origin is kept: ${kind}`,
    run: async (stage: Stage) => {
      const { status, source } = await stage.ask((await plain(stage)).tunnel, { target: `/${kind}` });
      expect({ status, source }).toEqual({ status: kind === "empty" ? 204 : 418, source: "origin" });
    },
  })),
  {
    title: "HEAD is answered without a body",
    run: async (stage) => {
      const { status, body, received } = await stage.ask((await plain(stage)).tunnel, { method: "HEAD" });
      expect({ status, length: body.length, method: received?.method }).toEqual({
        status: 200,
        length: 0,
        method: "HEAD",
      });
    },
  },
  {
    title: "5 MiB go both ways unchanged",
    run: async (stage) => {
      const asked = { method: "POST", target: "/large", body: large };
      const { body, received } = await stage.ask((await plain(stage)).tunnel, asked);
      expect({ up: received?.sha256, down: hash(body) }).toEqual({ up: hash(large), down: hash(large) });
      expect(received!.headers["content-length"]).toBe(String(large.length));
    },
  },
  {
    title: "a body of unknown length goes through in chunks",
    run: async (stage) => {
      const body = Readable.from([Buffer.from("one"), Buffer.from("two")]);
      const { received } = await stage.ask((await plain(stage)).tunnel, { method: "POST", body });
      expect(received).toMatchObject({ length: 6, headers: { "transfer-encoding": "chunked" } });
    },
  },
  {
    title: "events arrive one by one",
    run: async (stage) => {
      const { tunnel } = await plain(stage);
      const request = { method: "GET", host: hostname, target: "/events", headers: [] };
      const { body, headers } = await stage.edge.edge.request(tunnel.id, request, undefined);
      const times: number[] = [];
      for await (const _ of body) times.push(Date.now());
      expect(headers).toContainEqual(["content-type", "text/event-stream"]);
      expect(times.length).toBeGreaterThanOrEqual(3);
      expect(times.at(-1)! - times[0]!).toBeGreaterThan(200);
    },
  },
  {
    title: "a client that leaves is noticed by the origin",
    run: async (stage) => {
      const { tunnel } = await plain(stage);
      const id = "leaves";
      const request = { method: "GET", host: hostname, target: "/abort", headers: [["x-case", id]] as HeaderList };
      const { body } = await stage.edge.edge.request(tunnel.id, request, undefined);
      await new Promise((resolve) => body.once("data", resolve));
      body.destroy();
      await until(() => stage.origin.received(id)?.aborted === true, "the origin was not told");
    },
  },
  {
    title: "an answer that breaks off is broken off",
    run: async (stage) => {
      const { tunnel } = await plain(stage);
      const request = { method: "GET", host: hostname, target: "/broken", headers: [] };
      const { status, body } = await stage.edge.edge.request(tunnel.id, request, undefined);
      expect(status).toBe(200);
      await expect(buffer(body)).rejects.toThrow();
    },
  },
  {
    title: "an origin that is away is answered for by the connector, with 502",
    run: async (stage) => {
      const { tunnel } = await stage.connect([{ hostname, service: "http://127.0.0.1:9" }, nothingElse]);
      const { status, source } = await stage.ask(tunnel);
      expect({ status, source }).toEqual({ status: 502, source: "connector" });
    },
  },
  {
    title: "httpHostHeader replaces the host, which goes on as X-Forwarded-Host",
    run: async (stage) => {
      const rule = { hostname, service: stage.origin.url, originRequest: { httpHostHeader: "inside" } };
      const { tunnel } = await stage.connect([rule, nothingElse]);
      const { received } = await stage.ask(tunnel);
      expect(received!.headers).toMatchObject({ host: "inside", "x-forwarded-host": hostname });
    },
  },
  {
    title: "disableChunkedEncoding sends the length",
    run: async (stage) => {
      const rule = { hostname, service: stage.origin.url, originRequest: { disableChunkedEncoding: true } };
      const { tunnel } = await stage.connect([rule, nothingElse]);
      const { received } = await stage.ask(tunnel, { method: "POST", body: Buffer.from("12345") });
      expect(received).toMatchObject({ length: 5, headers: { "content-length": "5" } });
    },
  },
  {
    title: "a service may be a socket",
    run: async (stage) => {
      const origin = await startOrigin(path.join(stage.folder, "origin.sock"));
      try {
        const { tunnel } = await stage.connect([{ hostname, service: origin.url }, nothingElse]);
        expect((await stage.ask(tunnel)).body.toString()).toBe("here");
      } finally {
        origin.stop();
      }
    },
  },
  {
    title: "a service over TLS is checked, unless noTLSVerify says otherwise",
    run: async (stage) => {
      const files = await serverCertificate(path.dirname(stage.edge.caFile), "inside", ["inside.example.com"]);
      const [cert, key] = await Promise.all([readFile(files.certificate), readFile(files.key)]);
      const server = createServer({ cert, key }, (_, response) => response.end("private"));
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      try {
        const service = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
        const { tunnel } = await stage.connect([
          { hostname, path: "^/strict$", service },
          { hostname, path: "^/named$", service, originRequest: { originServerName: "inside.example.com" } },
          { hostname, path: "^/lax$", service, originRequest: { noTLSVerify: true } },
          nothingElse,
        ]);
        const statuses = ["/strict", "/named", "/lax"].map(
          async (target) => (await stage.ask(tunnel, { target })).status,
        );
        expect(await Promise.all(statuses)).toEqual([502, 200, 200]);
      } finally {
        server.closeAllConnections();
        server.close();
      }
    },
  },
  {
    title: "many requests at once are all answered",
    run: async (stage) => {
      const { tunnel } = await plain(stage);
      const answers = await Promise.all(Array.from({ length: 100 }, () => stage.ask(tunnel)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    },
  },
];

function plain(stage: Stage) {
  return stage.shared("plain", () => stage.connect([{ hostname, service: stage.origin.url }, nothingElse]));
}
