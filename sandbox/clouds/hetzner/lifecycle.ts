import type { MachineSpec } from "../machines";
import { images } from "./catalog";
import { inboundRules } from "./firewallRules";
import { firewallsOf } from "./firewalls";
import type { Action, Server } from "./model";
import { primaryIpOf } from "./primaryIps";
import { all, type Project, type Readable } from "./project";
import { serverTypes } from "./serverTypes";

/** What the machine driver is told about a server. */
export function machineSpec(project: Readable, server: Server): MachineSpec {
  const type = serverTypes.find((candidate) => candidate.name === server.server_type);
  return {
    id: server.id,
    name: server.name,
    ipv4: primaryIpOf(project, server.id, "ipv4")?.ip ?? "",
    cores: type?.cores ?? 1,
    memoryMiB: (type?.memory ?? 1) * 1024,
    userData: server.user_data,
    image: images.find((image) => image.id === server.image)?.name ?? "",
    location: server.location,
    sshKeys: server.ssh_keys,
  };
}

/** Binds the commands about servers and firewalls to the machine driver. */
export function defineServerWork(project: Project): void {
  const { actions, machines, state } = project;
  const turns = new Map<number, Promise<void>>();

  /** Calls about one server's filter go out one after the other, each with the rules of its moment. */
  const enforce = (server: Server): Promise<void> => {
    const turn = (turns.get(server.id) ?? Promise.resolve())
      .catch(() => {})
      .then(() => {
        const { id, ipv4 } = machineSpec(project, server);
        return machines.setFirewall?.({ id, ipv4 }, inboundRules(firewallsOf(project, server)));
      });
    turns.set(server.id, turn);
    return turn;
  };

  /** Work on the server an action is about, with the status it has afterwards. */
  const onServer = (
    command: string,
    work: (server: Server, action: Action) => Promise<void>,
    after: Server["status"],
  ) =>
    actions.define(command, async (action) => {
      const server = serverOf(project, action);
      if (!server) return;
      await work(server, action);
      server.status = after;
    });

  actions.define("create_server", async (action) => {
    const server = serverOf(project, action);
    if (!server) return;
    try {
      await enforce(server);
      if (server.status !== "initializing") return;
      await machines.create(machineSpec(project, server));
      server.status = "running";
    } catch (error) {
      server.status = "off";
      throw error;
    }
  });
  onServer(
    "start_server",
    async (server, action) => {
      // The first start is begun together with the creation and follows it.
      const creation = state.actions[action.id - 1];
      if (creation?.command === "create_server" && serverOf(project, creation) === server) {
        await actions.settled(creation.id);
        if (creation.status === "error") throw new Error("the server could not be created");
      }
      // A server ordered without being started has no machine yet.
      if ((await machines.status(server.id)) === "missing") await machines.create(machineSpec(project, server));
      else await machines.powerOn(server.id);
    },
    "running",
  );
  onServer("stop_server", (server) => machines.powerOff(server.id), "off");
  onServer("shutdown_server", (server) => machines.powerOff(server.id), "off");
  onServer("reboot_server", (server) => machines.reboot(server.id), "running");
  onServer(
    "reset_server",
    async (server) => {
      await machines.powerOff(server.id);
      await machines.powerOn(server.id);
    },
    "running",
  );
  if (machines.resize) {
    onServer(
      "change_server_type",
      async (server) => {
        const { id, cores, memoryMiB } = machineSpec(project, server);
        if ((await machines.status(id)) !== "missing") await machines.resize?.(id, { cores, memoryMiB });
      },
      "off",
    );
  }
  actions.define("delete_server", async ({ resources }) => {
    const id = resources[0]?.id as number;
    await machines.remove(id);
    await machines.setFirewall?.({ id, ipv4: state.leaving[id]?.ipv4 ?? "" }, undefined);
    turns.delete(id);
    delete state.leaving[id];
  });
  if (machines.setFirewall) {
    for (const command of ["set_firewall_rules", "apply_firewall", "remove_firewall"]) {
      actions.define(command, async ({ resources }) => {
        const concerned = new Set(resources.filter(({ type }) => type === "server").map(({ id }) => id));
        await Promise.all(
          all(project, "servers")
            .filter((server) => concerned.has(server.id))
            .map(enforce),
        );
      });
    }
  }
}

/** Brings the recorded status in line with the machine's: it may have been halted from inside. */
export async function observeStatus(project: Project, server: Server): Promise<void> {
  if (project.actions.runningOn(server.id)) return;
  const status = await project.machines.status(server.id);
  if (status !== "missing") server.status = status;
}

function serverOf(project: Project, action: Action): Server | undefined {
  const reference = action.resources.find(({ type }) => type === "server");
  return reference && project.state.servers[reference.id];
}
