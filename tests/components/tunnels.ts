import { Provider as CloudflareProvider } from "@pulumi/cloudflare/provider";
import { Provider as DockerProvider } from "@pulumi/docker/provider";
import * as pulumi from "@pulumi/pulumi";
import { AgentTunnel, type AgentTunnelArgs } from "../../components/agentTunnel";
import { fakeHost } from "./mocks";

export const accountId = "0123456789abcdef0123456789abcdef";
export const zoneId = "fedcba9876543210fedcba9876543210";
export const connectorImage = `cloudflare/cloudflared@sha256:${"2".repeat(64)}`;

/** Type token of a Cloudflare resource. */
export const cloudflare = (name: string) => `cloudflare:index/${name[0]!.toLowerCase()}${name.slice(1)}:${name}`;

/** An AgentTunnel of an agent called atlas, to be made under a program that is being registered. */
export function tunnel(args: Partial<AgentTunnelArgs> = {}): AgentTunnel {
  const docker = new DockerProvider("reef", { host: "ssh://deploy@198.51.100.10:22" });
  const agent = {
    serviceUrl: pulumi.output("http://agent:8080"),
    egressNetwork: pulumi.output("atlas-egress"),
    frontNetwork: pulumi.output("atlas-front"),
    container: docker,
    runtime: "generic",
    port: 8080,
    secretNames: ["SLACK_SIGNING_SECRET", "X_SECRET"],
  };
  return new AgentTunnel("atlas", {
    agent,
    host: fakeHost(docker),
    accountId,
    zoneId,
    zone: "example.com",
    team: "acme",
    hostname: "atlas-ana.example.com",
    policyIds: ["policy-1", "policy-2"],
    connectorImage,
    tunnelProvider: new CloudflareProvider("tunnels", {}),
    ...args,
  });
}
