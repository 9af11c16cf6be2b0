/** What Creel has to know of a service that calls an agent by webhooks: data only. */
export interface Webhook {
  /** Path at which agents expect it. */
  path: string;
  /** TCP port on which a runtime listens for it, by the runtime's name, where that is not the runtime's own port. */
  ports: Record<string, number>;
  /** HTTP methods that it uses. */
  methods: string[];
  /** Media types of what it sends, without parameters. */
  contentTypes: string[];
  /** Name of the agent's secret without which nobody can tell its requests from forged ones. */
  secret: string;
  /** Header field, in lower case, that carries the proof. The agent checks it: at the edge there is no secret. */
  signature: string;
}
