import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { WebSocketServer } from "ws";

/** A request as it reached the origin. */
export interface Received {
  method: string;
  /** As it stood in the request line. */
  target: string;
  /** Names and values in turn, as they were sent. */
  rawHeaders: string[];
  headers: IncomingMessage["headers"];
  length: number;
  sha256: string;
  /** Set when the client left before the answer was complete. */
  aborted?: boolean;
}

/** The service behind a connector. What it answers depends on the last segment of the path. */
export interface Origin {
  /** As the service of a rule. */
  url: string;
  /** What was received with the header `x-case` of that value. */
  received(id: string): Received | undefined;
  stop(): void;
}

export async function startOrigin(socketPath?: string): Promise<Origin> {
  const seen = new Map<string, Received>();
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => void answer(request, response, seen));
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  const webSockets = new WebSocketServer({ noServer: true, maxPayload: 4 * 1024 * 1024 });
  server.on("upgrade", (request, socket, head) => {
    note(request, Buffer.alloc(0), seen);
    if (request.url!.endsWith("/refuse")) {
      socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno");
      return;
    }
    webSockets.handleUpgrade(request, socket, head, (client) => {
      client.on("message", (data, binary) => {
        if (String(data) === "close") client.close(4321, "as asked");
        else client.send(data, { binary });
      });
    });
  });
  await new Promise<void>((resolve) =>
    socketPath ? server.listen(socketPath, resolve) : server.listen(0, "127.0.0.1", resolve),
  );
  return {
    url: socketPath ? `unix:${socketPath}` : `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: (id) => seen.get(id),
    stop: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function note(request: IncomingMessage, body: Buffer, seen: Map<string, Received>): Received {
  const received: Received = {
    method: request.method!,
    target: request.url!,
    rawHeaders: request.rawHeaders,
    headers: request.headers,
    length: body.length,
    sha256: createHash("sha256").update(body).digest("hex"),
  };
  seen.set(String(request.headers["x-case"]), received);
  return received;
}

async function answer(request: IncomingMessage, response: ServerResponse, seen: Map<string, Received>): Promise<void> {
  const kind = request.url!.split("?")[0]!.split("/").pop();
  if (kind === "abort") {
    const received = note(request, Buffer.alloc(0), seen);
    response.once("close", () => {
      received.aborted = !response.writableFinished;
    });
    response.write("first");
    return;
  }
  const pieces: Buffer[] = [];
  try {
    for await (const piece of request) pieces.push(piece as Buffer);
  } catch {
    return; // the client has gone
  }
  const body = Buffer.concat(pieces);
  note(request, body, seen);
  response.on("error", () => {});
  switch (kind) {
    case "headers":
      response.setHeader("Set-Cookie", ["a=1", "b=2"]);
      response.setHeader("X-Mixed-Case", "kept; as:is");
      response.setHeader("Cf-Cloudflared-Response-Meta", '{"src":"cloudflared"}');
      return void response.end("ok");
    case "large":
      return void response.end(body);
    case "events":
      response.setHeader("Content-Type", "text/event-stream");
      for (const number of [1, 2, 3]) {
        response.write(`data: ${number}\n\n`);
        await delay(150);
      }
      return void response.end();
    case "broken":
      response.write("half");
      await delay(100);
      return void response.destroy();
    case "slow":
      await delay(1500);
      return void response.end("at last");
    case "slower":
      await delay(8000);
      return void response.end("at last");
    case "teapot":
      return void response.writeHead(418).end("short and stout");
    case "empty":
      return void response.writeHead(204).end();
    default:
      return void response.end("here");
  }
}
