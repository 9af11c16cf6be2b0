import { Provider } from "@pulumi/cloudflare/provider";
import * as pulumi from "@pulumi/pulumi";
import { refuseFaults } from "../../components/faults";
import { ZoneEdge } from "../../components/zoneEdge";
import { cloudflareSettings, stackConfig, tokenFaults } from "../fleetConfig";
import { type ZoneStack, zoneFragments, zoneStack } from "./zoneConfig";

// The program behind stacks/zone/Pulumi.yaml: what several fleets need of one zone in, its rules out.

const source = stackConfig();

/** What a fleet's stack says of its zones. A secret is none of our business, and taken for nothing. */
async function edgeOf(fleet: string) {
  const { value } = await new pulumi.StackReference(fleet).getOutputDetails("edge");
  return { fleet, edge: value };
}

export = async () => {
  const { stack, faults: ownFaults } = zoneStack(source);
  refuseFaults([...ownFaults, ...tokenFaults(source, { hcloud: false, cloudflare: true })], "creel:zone");
  const { zone, zoneId, plan, fleets, rateLimit, managedRules, tls, bots } = stack as ZoneStack;
  const { fragments, faults } = zoneFragments(stack as ZoneStack, await Promise.all(fleets.map(edgeOf)));
  refuseFaults(faults, "creel:zone");

  const settingsProvider = new Provider("settings", cloudflareSettings(source));
  const settings = { rateLimit, managedRules, tls, bots, settingsProvider };
  const edge = new ZoneEdge(zone, { zoneId, zone, plan, fragments, ...settings });
  return { packing: edge.packing };
};
