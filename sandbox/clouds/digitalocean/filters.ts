import type { Machines } from "../machines";
import type { Store } from "../store";
import { firewallsOf, inboundOf, outboundOf } from "./firewallEffect";
import type { DigitalOceanState, Droplet } from "./model";

/** How far a droplet's packet filter is behind its firewalls. */
export interface PendingChange {
  droplet_id: number;
  /** Always false: a droplet that is taken out is no longer listed at its firewall. */
  removing: false;
  status: "waiting" | "failed";
}

/** Keeps the packet filters in front of the droplets in line with firewalls, rules, tags and addresses. */
export class Filters {
  private readonly turns = new Map<number, Promise<void>>();
  /** What the driver was last told, by droplet, as text. */
  private readonly told = new Map<number, string>();
  private readonly behind = new Map<number, PendingChange["status"]>();

  constructor(
    private readonly store: Store<DigitalOceanState>,
    private readonly machines: Machines,
  ) {}

  /** Begins to bring every filter that is no longer right in line. */
  refresh(): void {
    for (const droplet of Object.values(this.store.state.droplets)) {
      if (this.told.get(droplet.id) === this.wanted(droplet).text) continue;
      this.enforce(droplet).catch((error: Error) => {
        process.stderr.write(`packet filter of droplet ${droplet.id}: ${error.message}\n`);
      });
    }
  }

  /** Puts the filter in front of a droplet. Calls about one droplet follow each other, each with the rules of its moment. */
  enforce(droplet: Droplet): Promise<void> {
    const { id } = droplet;
    this.behind.set(id, "waiting");
    const turn = (this.turns.get(id) ?? Promise.resolve())
      .catch(() => {})
      .then(async () => {
        const { text, inbound, outbound } = this.wanted(droplet);
        if (this.told.get(id) !== text) {
          await this.machines.setFirewall?.({ id, ipv4: droplet.ipv4 ?? "" }, inbound, outbound);
          this.told.set(id, text);
        }
        if (this.turns.get(id) === turn) this.behind.delete(id);
      })
      .catch((error: Error) => {
        this.told.delete(id);
        this.behind.set(id, "failed");
        throw error;
      });
    this.turns.set(id, turn);
    return turn;
  }

  /** Takes the filter away with its droplet. */
  async remove({ id, ipv4 = "" }: Droplet): Promise<void> {
    await this.turns.get(id)?.catch(() => {});
    await this.machines.setFirewall?.({ id, ipv4 }, undefined);
    for (const kept of [this.turns, this.told, this.behind]) kept.delete(id);
  }

  /** What is still to be done about some droplets. */
  pending(droplets: Droplet[]): PendingChange[] {
    return droplets.flatMap(({ id }) => {
      const status = this.behind.get(id);
      return status ? [{ droplet_id: id, removing: false, status }] : [];
    });
  }

  private wanted(droplet: Droplet) {
    const firewalls = firewallsOf(this.store, droplet);
    const inbound = inboundOf(this.store, firewalls);
    const outbound = outboundOf(this.store, firewalls);
    return { inbound, outbound, text: JSON.stringify([droplet.ipv4, inbound ?? null, outbound ?? null]) };
  }
}
