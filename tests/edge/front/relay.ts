import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { packed } from "../tunnel/fakeConnector";

/** Header fields by which the edge and a connector speak, and HTTP/2's own. */
const notForOrigins = /^(:|cf-cloudflared-)/;

/**
 * Passes what comes through a tunnel on to a server on loopback, as a connector does for its one ingress rule; WebSockets
 * too. An origin that cannot be reached is answered with the connector's bare 502.
 */
export function relayTo(port: number): (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void {
  return (stream, headers) => {
    const upgrade = headers["cf-cloudflared-proxy-connection-upgrade"] === "websocket";
    const fields = Object.entries(headers).filter(([name]) => !notForOrigins.test(name));
    const sent = httpRequest({
      host: "127.0.0.1",
      port,
      method: headers[":method"],
      path: headers[":path"],
      headers: {
        ...(Object.fromEntries(fields) as OutgoingHttpHeaders),
        host: headers[":authority"],
        ...(upgrade ? { connection: "Upgrade", upgrade: "websocket" } : {}),
      },
    });
    sent.on("error", () => {
      if (!stream.headersSent && !stream.destroyed)
        stream.respond({ ":status": 502, "cf-cloudflared-response-meta": '{"src":"cloudflared"}' });
      stream.end();
    });
    sent.on("response", (response) => {
      if (stream.destroyed) return void response.destroy();
      stream.respond(head(response.statusCode ?? 0, response));
      response.pipe(stream);
    });
    sent.on("upgrade", (response, socket, first) => {
      if (stream.destroyed) return void socket.destroy();
      stream.respond(head(200, response));
      stream.write(first);
      socket.on("error", () => stream.destroy());
      socket.pipe(stream).pipe(socket);
    });
    if (upgrade) sent.end();
    else stream.pipe(sent);
  };
}

function head(status: number, { rawHeaders }: IncomingMessage): OutgoingHttpHeaders {
  const fields = rawHeaders.flatMap((name, i): [string, string][] => (i % 2 === 0 ? [[name, rawHeaders[i + 1]!]] : []));
  return { ":status": status, ...packed(fields), "cf-cloudflared-response-meta": '{"src":"origin"}' };
}
