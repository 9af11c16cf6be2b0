import { credentials } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";

export type Severity = "debug" | "info" | "warning" | "error";

const SEVERITIES = {
  debug: LogSeverity.DEBUG,
  info: LogSeverity.INFO,
  warning: LogSeverity.WARNING,
  error: LogSeverity.ERROR,
} as const;

/** Messages to the user, shown by the engine at the resource they are about. Order is kept; a lost one is not an error. */
export class EngineLog {
  private readonly client: EngineClient | undefined;
  private tail: Promise<void> = Promise.resolve();

  /** `address` is the engine's, as host:port; without one nothing is sent. */
  constructor(address: string | undefined) {
    this.client = address ? new EngineClient(address, credentials.createInsecure()) : undefined;
  }

  /** `ephemeral`: shown only while the resource is being worked on, kept nowhere. */
  log(severity: Severity, message: string, urn: string, ephemeral: boolean): void {
    const { client } = this;
    if (!client) return;
    const request = new LogRequest();
    request.setSeverity(SEVERITIES[severity]);
    request.setMessage(message);
    request.setUrn(urn);
    request.setEphemeral(ephemeral);
    this.tail = this.tail.then(() => new Promise((resolve) => client.log(request, () => resolve())));
  }

  /** Resolves when everything logged so far has reached the engine. */
  async flush(): Promise<void> {
    await this.tail;
  }
}
