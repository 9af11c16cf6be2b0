import { setTimeout as sleep } from "node:timers/promises";
import type Dockerode from "dockerode";
import { daemonMessage } from "./client";

/** Time between looks at a container's health, in milliseconds. */
const POLL = 1000;

/**
 * Resolves when the container is healthy.
 *
 * @param timeout Seconds to wait at most.
 * @throws Error when it has no healthcheck, is not healthy in time, or has ended without a restart to come.
 */
export async function waitUntilHealthy(
  container: Dockerode.Container,
  timeout: number,
  signal: AbortSignal,
): Promise<void> {
  const end = Date.now() + timeout * 1000;
  for (;;) {
    const { State: state, HostConfig: host } = await container.inspect().catch((error) => {
      throw new Error(`error inspecting container state: ${daemonMessage(error)}`);
    });
    if (!state.Health) {
      throw new Error(
        "you have supplied a 'wait' argument, but the container does not have a healthcheck defined. " +
          "Please remove the 'wait' argument or add a 'healthcheck' attribute",
      );
    }
    if (state.Health.Status === "healthy") return;
    const ended = !state.Running && !state.Restarting;
    const stays = ["", "no"].includes(host.RestartPolicy?.Name ?? "");
    // The real provider waits for the rest of the time; the answer is the same.
    if ((ended && stays) || Date.now() >= end) {
      const why = ended ? `: it has exited with code ${state.ExitCode}` : "";
      throw new Error(`container failed to be in healthy state${why}`);
    }
    await sleep(Math.min(POLL, Math.max(end - Date.now(), 1)), undefined, { signal });
  }
}
