import { once } from "node:events";
import type { Duplex } from "node:stream";
import { Framing } from "../capnp/framing";
import { MalformedMessage } from "../capnp/malformed";
import {
  abortMessage,
  type CallTarget,
  capabilityAnswer,
  exceptionAnswer,
  type RpcMessage,
  readMessage,
  resultsAnswer,
} from "./messages";
import {
  methods,
  type Registration,
  type RegistrationAnswer,
  readLocalConfiguration,
  readRegistration,
  registrationInterface,
  registrationResults,
} from "./registration";

/** Largest message accepted, in bytes: a local configuration of a megabyte with what is around it. */
const largestMessage = 1024 * 1024 + 4096;

/** Id of the one capability, which the connector is given for its bootstrap. */
const registrationServer = 0;

/** Bootstraps that may be open at once: a connector needs one. */
const mostBootstraps = 8;

/** What a connector may ask for over its control stream. */
export interface ControlHandlers {
  register(registration: Registration): Promise<RegistrationAnswer>;
  unregister(): void;
  /** @param json how a tunnel that is not managed remotely is configured */
  localConfiguration(json: Buffer): void;
  /** Called when the answer to a successful registration is on its way. */
  registered(): void;
}

/**
 * Serves Cap'n Proto RPC to a connector until its side of the stream ends.
 *
 * @returns the reason of the connector's abort, undefined when it just ended
 * @throws MalformedMessage after telling the connector, when it sends what is no message
 */
export async function serveControlStream(stream: Duplex, handlers: ControlHandlers): Promise<string | undefined> {
  const framing = new Framing(largestMessage);
  const conversation = new Conversation(stream, handlers);
  try {
    // The stream stays, so that there is something to answer on.
    for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
      for (const segment of framing.push(chunk as Buffer)) {
        const message = readMessage(segment);
        if (message.kind === "abort") return message.reason;
        await conversation.take(message);
      }
    }
    return undefined;
  } catch (error) {
    if (error instanceof MalformedMessage && stream.writable) stream.write(abortMessage(error.message));
    throw error;
  }
}

class Conversation {
  /** Questions answered with the capability that the connector has not finished yet. */
  private readonly bootstraps = new Set<number>();
  private served = false;
  private registration: "none" | "refused" | "accepted" | "ended" = "none";

  constructor(
    private readonly stream: Duplex,
    private readonly handlers: ControlHandlers,
  ) {}

  async take(message: RpcMessage): Promise<void> {
    switch (message.kind) {
      case "bootstrap":
        this.bootstraps.add(message.question);
        if (this.bootstraps.size > mostBootstraps) throw new MalformedMessage("too many bootstraps are open");
        this.served = true;
        return this.send(capabilityAnswer(message.question, registrationServer));
      case "call":
        return this.call(message);
      case "finish":
        this.bootstraps.delete(message.question);
        return;
      case "release":
        return;
      default:
        throw new MalformedMessage("a message is of a kind that a connector does not send");
    }
  }

  private async call(call: Extract<RpcMessage, { kind: "call" }>): Promise<void> {
    const { question } = call;
    if (!this.names(call.target)) return this.refuse(question, "the call's target is not known");
    if (call.interfaceId !== registrationInterface) return this.refuse(question, "unknown interface", "unimplemented");
    switch (call.method) {
      case methods.registerConnection:
        return this.register(question, call);
      case methods.unregisterConnection:
        if (this.registration === "accepted") this.handlers.unregister();
        this.registration = "ended";
        return this.send(resultsAnswer(question));
      case methods.updateLocalConfiguration:
        if (this.registration !== "accepted") return this.refuse(question, "the connection is not registered");
        this.handlers.localConfiguration(readLocalConfiguration(call.params));
        return this.send(resultsAnswer(question));
      default:
        return this.refuse(question, "unknown method", "unimplemented");
    }
  }

  private async register(question: number, call: Extract<RpcMessage, { kind: "call" }>): Promise<void> {
    if (this.registration !== "none") return this.refuse(question, "the connection has registered already");
    const answer = await this.handlers.register(readRegistration(call.params));
    this.registration = "cause" in answer ? "refused" : "accepted";
    await this.send(resultsAnswer(question, registrationResults(answer)));
    if (this.registration === "accepted") this.handlers.registered();
  }

  private names(target: CallTarget): boolean {
    if ("question" in target) return this.bootstraps.has(target.question);
    return this.served && target.capability === registrationServer;
  }

  private refuse(question: number, reason: string, type?: "failed" | "unimplemented"): Promise<void> {
    return this.send(exceptionAnswer(question, reason, type));
  }

  /** Waits for a connector that does not read, so that nothing piles up here. */
  private async send(message: Buffer): Promise<void> {
    if (!this.stream.write(message)) await once(this.stream, "drain");
  }
}
