import type { MachineSpec } from "../machines";
import type { Account } from "./account";
import { ipv6For } from "./dropletCreate";
import { sizeOf } from "./dropletView";
import { forgetDroplet } from "./firewalls";
import type { Action, Droplet } from "./model";

/** What the machine driver is told about a droplet. */
export function machineSpec(droplet: Droplet): MachineSpec {
  const size = sizeOf(droplet.size);
  return {
    id: droplet.id,
    name: droplet.name,
    ipv4: droplet.ipv4 ?? "",
    cores: size.vcpus,
    memoryMiB: size.memory,
    userData: droplet.user_data,
    // Machines know distributions by name and version, without the architecture: `debian-12-x64` is `debian-12`.
    image: droplet.image.replace(/-x64$/, ""),
    location: droplet.region,
    sshKeys: droplet.ssh_keys,
  };
}

/** Binds the actions on droplets to the machine driver. */
export function defineDropletWork(account: Account): void {
  const { actions, filters, machines, state } = account;

  /** Work on the droplet an action is about, with the status it has afterwards. */
  const on = (type: string, work: (droplet: Droplet, action: Action) => unknown, after?: Droplet["status"]) =>
    actions.define("droplet", type, async (action) => {
      const droplet = state.droplets[action.about.droplet ?? 0];
      if (!droplet) return;
      await work(droplet, action);
      if (after) droplet.status = after;
    });

  on("create", async (droplet) => {
    try {
      await filters.enforce(droplet);
      await machines.create(machineSpec(droplet));
      droplet.status = "active";
    } catch (error) {
      droplet.status = "off";
      throw error;
    }
  });
  on("power_on", ({ id }) => machines.powerOn(id), "active");
  on("power_off", ({ id }) => machines.powerOff(id), "off");
  on("shutdown", ({ id }) => machines.powerOff(id), "off");
  on("reboot", ({ id }) => machines.reboot(id), "active");
  on(
    "power_cycle",
    async ({ id }) => {
      await machines.powerOff(id);
      await machines.powerOn(id);
    },
    "active",
  );
  on("resize", async (droplet, { wanted }) => {
    const size = sizeOf(wanted?.size ?? droplet.size);
    await machines.resize?.(droplet.id, { cores: size.vcpus, memoryMiB: size.memory });
    droplet.size = size.slug;
    if (wanted?.disk) droplet.disk = size.disk;
  });
  on("rename", (droplet, { wanted }) => {
    droplet.name = wanted?.name ?? droplet.name;
  });
  on("enable_ipv6", (droplet) => {
    droplet.ipv6 ??= ipv6For(droplet.id);
    filters.refresh();
  });
  on("enable_backups", (droplet) => {
    droplet.backups = true;
  });
  on("disable_backups", (droplet) => {
    droplet.backups = false;
  });
  on("destroy", async (droplet) => {
    await machines.remove(droplet.id);
    await filters.remove(droplet);
    delete state.droplets[droplet.id];
    forgetDroplet(account, droplet.id);
    // What outlives it is free again.
    for (const kept of [...Object.values(state.volumes), ...Object.values(state.reserved_ips)]) {
      if (kept.droplet === droplet.id) delete kept.droplet;
    }
    filters.refresh();
  });
}

/** Brings the recorded status in line with the machine's: it may have been halted from inside. */
export async function observeStatus({ actions, machines }: Account, droplet: Droplet): Promise<void> {
  if (actions.runningOn(droplet.id)) return;
  const status = await machines.status(droplet.id);
  if (status !== "missing") droplet.status = status === "running" ? "active" : "off";
}
