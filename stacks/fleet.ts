import { Provider } from "@pulumi/cloudflare/provider";
import { refuseFaults } from "../components/faults";
import { Fleet } from "../components/fleet";
import { planFleet } from "../components/fleetPlan";
import type { FleetSpec } from "../components/fleetSpec";
import { lastPlacement } from "../components/lastPlacement";
import { cloudflareSettings, fleetDocument, fleetSecrets, neededTokens, stackConfig, tokenFaults } from "./fleetConfig";

// The program behind Pulumi.yaml: the stack's configuration in, its fleet and an inventory out.

export = async () => {
  const source = stackConfig();
  const { document, faults: documentFaults } = fleetDocument(source);
  const { secrets, faults: plainFaults } = fleetSecrets(source);
  const placement = await lastPlacement();
  const { faults: fleetFaults, plan }: ReturnType<typeof planFleet> =
    documentFaults.length > 0 ? { faults: [] } : planFleet(document, secrets, placement);
  const faults = [...documentFaults, ...fleetFaults, ...plainFaults, ...tokenFaults(source, neededTokens(document))];
  refuseFaults(faults, "creel:fleet");

  const tunnelProvider = new Provider("tunnels", cloudflareSettings(source));
  const settingsProvider = new Provider("zone-settings", cloudflareSettings(source));
  const spec = document as FleetSpec;
  const deployed = new Fleet("fleet", { spec, secrets, placement, tunnelProvider, settingsProvider });

  return {
    /** What was deployed, without any secret: servers and agents by name. */
    fleet: deployed.inventory,
    /** Server of each agent. */
    placement: deployed.placement,
    /** What the rules of each zone that are made elsewhere have to know of the agents in it, for the stack that makes them. */
    edge: Object.fromEntries(
      Object.entries(deployed.edge).filter(([zone]) => plan?.zones[zone]?.rules === "elsewhere"),
    ),
    /** What programs need to come in without a person, by tenant and name. */
    serviceTokens: deployed.serviceTokens,
  };
};
