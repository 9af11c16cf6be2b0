import { datacenterOf, images, imageView, locationView, serverTypeView } from "./catalog";
import { firewallsOf } from "./firewalls";
import type { PrimaryIp, Server } from "./model";
import { placementGroupView } from "./placementGroups";
import { primaryIpOf } from "./primaryIps";
import { all, type Project } from "./project";
import { serverTypes } from "./serverTypes";

/** A server in the form that the API shows. */
export function serverView(project: Project, server: Server) {
  const { user_data, ssh_keys, placement_group, ...own } = server;
  const type = serverTypes.find((candidate) => candidate.name === server.server_type);
  const image = images.find((candidate) => candidate.id === server.image);
  const group = placement_group === null ? undefined : project.state.placement_groups[placement_group];
  const location = locationView(server.location);
  return {
    ...own,
    server_type: type && serverTypeView(type),
    image: image ? imageView(image) : null,
    location,
    datacenter: datacenterOf(location),
    public_net: publicNet(project, server),
    placement_group: group ? placementGroupView(project, group) : null,
    volumes: all(project, "volumes")
      .filter((volume) => volume.server === server.id)
      .map((volume) => volume.id),
    locked: project.actions.runningOn(server.id) !== undefined,
    included_traffic: 20 * 1024 ** 4,
    ingoing_traffic: 0,
    outgoing_traffic: 0,
    rescue_enabled: false,
    iso: null,
    load_balancers: [],
  };
}

function publicNet(project: Project, server: Server) {
  const ipv4 = primaryIpOf(project, server.id, "ipv4");
  const ipv6 = primaryIpOf(project, server.id, "ipv6");
  return {
    ipv4: ipv4 ? { id: ipv4.id, ip: ipv4.ip, blocked: false, dns_ptr: pointerOf(ipv4) } : null,
    ipv6: ipv6 ? { id: ipv6.id, ip: ipv6.ip, blocked: false, dns_ptr: ipv6.dns_ptr } : null,
    floating_ips: [],
    firewalls: firewallsOf(project, server).map((firewall) => ({ id: firewall.id, status: "applied" })),
  };
}

/** Hetzner's default reverse name, unless another was set. */
function pointerOf(ip: PrimaryIp): string {
  return ip.dns_ptr[0]?.dns_ptr ?? `static.${ip.ip.split(".").reverse().join(".")}.clients.your-server.de`;
}
