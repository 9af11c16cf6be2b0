/** What was decided for one agent and its runtime has to know. */
export interface AgentSettings {
  /** TCP port on which the agent listens. */
  port: number;
  /** Memory limit in MiB. */
  memory: number;
}

/** What Creel has to know of a kind of agent to run it in its cage: data, and pure functions of an agent's settings. */
export interface AgentRuntime {
  /** TCP port on which the agent listens when nothing else is said. */
  port: number;
  /** Words of the command that the container runs, or undefined for the image's own. */
  command?(agent: AgentSettings): string[];
  /**
   * Words of a command inside the container that exits with 0 when the agent is healthy, or undefined where none is
   * known and one has to be given.
   */
  health?(agent: AgentSettings): string[];
  /** Environment of the container. Never a secret. */
  environment(agent: AgentSettings): Record<string, string>;
  /**
   * Directories in the container that outlive it, by a short name each. On the server they lie in separate directories,
   * owned by the agent's user.
   */
  state: Record<string, string>;
  /**
   * Paths that it answers to its operators only, on its own port: none of them and nothing below can be opened to
   * services.
   */
  operatorPaths: string[];
  /** Size of /tmp, which is memory, in MiB. */
  tmpMemory: number;
  /** Seconds from start in which the agent may be unhealthy. */
  startSeconds: number;
  /** Smallest memory limit with which the agent works, in MiB. */
  leastMemory: number;
}
