export {
  AccessPolicy,
  type AccessPolicyArgs,
  type IdentityProvider,
  type ServiceTokenArgs,
  type ServiceTokenFacts,
} from "./accessPolicy";
export { AgentContainer, type AgentContainerArgs, AgentRuntimeName } from "./agentContainer";
export { type AgentHost, agentHost } from "./agentHost";
export { AgentTunnel, type AgentTunnelArgs, type TunnelledAgent } from "./agentTunnel";
export { type BotRoute, type BotSurface, WebhookName } from "./botRoutes";
export { CloudName } from "./clouds/catalog";
export type { PrivateNetworkFacts } from "./clouds/cloud";
export { dockerSettings, type ServerConnection, sshOptions } from "./connection";
export type { EdgeFragment, EdgeRoute } from "./edgeFragment";
export { ExistingServer, type ExistingServerArgs } from "./existingServer";
export type { Fault } from "./faults";
export { Fleet, type FleetArgs } from "./fleet";
export type { FleetSecrets } from "./fleetAgents";
export type { AgentInventory, FleetInventory, ServerInventory, WebhookInventory } from "./fleetInventory";
export { type FleetPlan, planFleet } from "./fleetPlan";
export { type FleetSpec, fleetSchema } from "./fleetSpec";
export { HardenedServer, type HardenedServerArgs } from "./hardenedServer";
export { lastPlacement } from "./lastPlacement";
export { type ZoneBots, ZoneEdge, type ZoneEdgeArgs, type ZoneHsts, type ZoneTls } from "./zoneEdge";
export { ZonePlan } from "./zonePlans";
export type { ZonePacking, ZoneRateLimit } from "./zoneRules";
