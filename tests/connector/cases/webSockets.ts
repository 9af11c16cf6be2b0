import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { expect } from "vitest";
import type { WebSocket } from "ws";
import type { Case } from "../cases";
import { until } from "../connector";
import { hostname, nothingElse, type Stage } from "../stage";

async function echo(client: WebSocket, data: string | Buffer): Promise<Buffer> {
  const answer = once(client, "message");
  client.send(data);
  const [received] = await answer;
  return Buffer.isBuffer(received) ? received : Buffer.from(received);
}

/** A WebSocket through rules of its own. */
async function open(stage: Stage, service = stage.origin.url) {
  const { tunnel, connector } = await stage.connect([{ hostname, service }, nothingElse]);
  return { tunnel, connector, client: await stage.webSocket(tunnel) };
}

export const webSocketCases: Case[] = [
  {
    title: "messages are echoed, up to 1 MiB",
    run: async (stage) => {
      const { client } = await open(stage);
      const big = randomBytes(1024 * 1024);
      expect((await echo(client, "hello")).toString()).toBe("hello");
      expect((await echo(client, big)).equals(big)).toBe(true);
      client.close();
    },
  },
  {
    title: "the origin's close code arrives",
    run: async (stage) => {
      const { client } = await open(stage);
      const closed = once(client, "close");
      client.send("close");
      const [code, reason] = await closed;
      expect({ code, reason: String(reason) }).toEqual({ code: 4321, reason: "as asked" });
    },
  },
  {
    title: "ws:// names the same service",
    run: async (stage) => {
      const { client } = await open(stage, stage.origin.url.replace("http:", "ws:"));
      expect((await echo(client, "hello")).toString()).toBe("hello");
      client.close();
    },
  },
  {
    title: "an origin's refusal arrives",
    run: async (stage) => {
      const { tunnel } = await stage.connect([{ hostname, service: stage.origin.url }, nothingElse]);
      await expect(stage.webSocket(tunnel, { target: "/refuse" })).rejects.toThrow("403");
    },
  },
  {
    title: "no rule and no origin are answered as for any other request",
    run: async (stage) => {
      const { tunnel } = await stage.connect([{ hostname, service: "http://127.0.0.1:9" }, nothingElse]);
      await expect(stage.webSocket(tunnel, { host: "b.example.com" })).rejects.toThrow("404");
      await expect(stage.webSocket(tunnel)).rejects.toThrow("502");
    },
  },
  {
    title: "an open one survives the removal of its rule",
    run: async (stage) => {
      const { tunnel, client } = await open(stage);
      tunnel.configure([nothingElse]);
      await until(async () => (await stage.ask(tunnel)).status === 404);
      expect((await echo(client, "still here")).toString()).toBe("still here");
      await expect(stage.webSocket(tunnel)).rejects.toThrow("404");
      client.close();
    },
  },
];
