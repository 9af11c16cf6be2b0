import type { Duplex, Readable } from "node:stream";
import { type Failure, failures } from "./failures";
import type { HeaderList } from "./request";
import { BodyTooLarge, type RequestBody } from "./requestBody";
import { type TunnelEdge, type TunnelRequest, TunnelTimeout, TunnelUnavailable } from "./tunnel";

/** The part of the tunnels that requests need. */
export type Tunnels = Pick<TunnelEdge, "request" | "upgrade">;

/** What came back, or why nothing did. */
export type OriginAnswer =
  | { status: number; headers: HeaderList; source: "origin" | "connector"; body: Readable }
  | { headers: HeaderList; websocket: Duplex }
  | { failure: Failure; reason: string };

export interface Asking {
  websocket: boolean;
  body: RequestBody;
  /** In bytes. */
  largestBody: number;
  /** Aborted when the client leaves. */
  signal: AbortSignal;
}

/** Asks the origin behind a tunnel; never throws. */
export async function askOrigin(
  tunnels: Tunnels,
  tunnelId: string,
  request: TunnelRequest,
  { websocket, body, largestBody, signal }: Asking,
): Promise<OriginAnswer> {
  let tooLarge = false;
  try {
    if (websocket) {
      const { stream, ...head } = await tunnels.upgrade(tunnelId, request, signal);
      return head.status === 101 ? { headers: head.headers, websocket: stream } : usable({ ...head, body: stream });
    }
    const stream = body.stream(largestBody);
    stream?.on("error", (error) => {
      tooLarge ||= error instanceof BodyTooLarge;
    });
    return usable(await tunnels.request(tunnelId, request, stream, signal));
  } catch (error) {
    if (tooLarge) return { failure: failures.bodyTooLarge, reason: "the body is larger than the plan allows" };
    if (error instanceof TunnelUnavailable) return { failure: failures.noTunnel, reason: "no connector" };
    if (error instanceof TunnelTimeout) return { failure: failures.originTooSlow, reason: "no answer in time" };
    return { failure: failures.badGateway, reason: (error as Error).message };
  }
}

/** Ends what the origin was going to send. */
export function discard(answer: OriginAnswer): void {
  if ("body" in answer) answer.body.destroy();
  if ("websocket" in answer) answer.websocket.destroy();
}

/** An answer with a status that a client can be given. */
function usable(answer: OriginAnswer & { status: number; body: Readable }): OriginAnswer {
  if (answer.status >= 200 && answer.status <= 999) return answer;
  discard(answer);
  return { failure: failures.badGateway, reason: `an answer with status ${answer.status}` };
}
