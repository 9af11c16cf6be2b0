import { Provider } from "@pulumi/cloudflare/provider";
import { refuseFaults } from "../components/faults";
import { Fleet } from "../components/fleet";
import { planFleet } from "../components/fleetPlan";
import type { FleetSpec } from "../components/fleetSpec";
import { cloudflareSettings, fleetDocument, fleetSecrets, stackConfig, tokenFaults } from "./fleetConfig";

// The program behind Pulumi.yaml: the stack's configuration in, its fleet and an inventory out.

const source = stackConfig();
const { document, faults: documentFaults } = fleetDocument(source);
const { secrets, faults: plainFaults } = fleetSecrets(source);
const { faults: fleetFaults, plan }: ReturnType<typeof planFleet> =
  documentFaults.length > 0 ? { faults: [] } : planFleet(document, secrets);
const needed = { hcloud: Object.keys(plan?.servers ?? { any: 1 }).length > 0, cloudflare: true };

refuseFaults([...documentFaults, ...fleetFaults, ...plainFaults, ...tokenFaults(source, needed)], "creel:fleet");

const tunnelProvider = new Provider("tunnels", cloudflareSettings(source));
const settingsProvider = new Provider("zone-settings", cloudflareSettings(source));

const deployed = new Fleet("fleet", { spec: document as FleetSpec, secrets, tunnelProvider, settingsProvider });

/** What was deployed, without any secret: servers and agents by name. */
export const fleet = deployed.inventory;

/** What the rules of each zone that are made elsewhere have to know of the agents in it, for the stack that makes them. */
export const edge = Object.fromEntries(
  Object.entries(deployed.edge).filter(([zone]) => plan?.zones[zone]?.rules === "elsewhere"),
);

/** What programs need to come in without a person, by tenant and name. */
export const serviceTokens = deployed.serviceTokens;
