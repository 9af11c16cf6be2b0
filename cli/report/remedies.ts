const redeploy = "Deploy: `pulumi refresh`, then `pulumi up` puts it back.";
const converge =
  "Deploy: converge runs again and puts it back. Find out who changed it: `creel ssh`, then `last` and `ausearch`.";

/** What to do when a control does not hold, by its name. */
export const remedies: Record<string, string> = {
  reachable:
    "Try `creel ssh` and the provider's console. Your address may not be in the server's `ssh.cidrs`, or the server is down; `creel doctor` looks at your side.",
  hardened: "Run `pulumi up` again: converge starts over where it stopped, and prints what it cannot do.",
  drift: converge,
  "ssh-settings": converge,
  "ssh-algorithms": converge,
  firewall: converge,
  guard: `${converge} Until then containers may reach what they must not.`,
  ports:
    "Find what listens with `creel ssh <server> -- sudo ss -ltnp`, stop it, and see that the provider's firewall is attached.",
  "secret-files":
    "Deploy. Rotate what others could read: `pulumi config set --secret --path creel:secrets.<agent>.<KEY>`.",
  strangers:
    "Look at it before you remove it: `creel ssh <server> -- sudo docker inspect <name>`. If nobody of yours started it, take the server for captured: rebuild it and rotate its agents' secrets.",
  audit: "Deploy; rules that are fixed until the next boot need a reboot of the server.",
  present: redeploy,
  runs: "Read `creel logs <agent>`. If it is stopped: `creel ssh <server> -- sudo docker start <name>`, or deploy.",
  image: `${redeploy} An image that nobody deployed: look at it first, and rotate the agent's secrets.`,
  user: redeploy,
  privileges: redeploy,
  namespaces: redeploy,
  files: redeploy,
  network: redeploy,
  limits: redeploy,
  names: "Look for a record that was made by hand in the zone; deploy to have the tunnel's back.",
  certificate: "See SSL/TLS, Edge Certificates in the zone: the name must be covered by a certificate that is active.",
  access:
    "Take the name off at once if it is open: deploy, and look for an Access application or policy made by hand that lets everybody in.",
  "forged-login": "Deploy: the connector must ask for Access's signature. Until then stop the agent's connector.",
  tenants: "Compare `tenants` in the stack file with the application's policies in Zero Trust, and deploy.",
  "webhook-paths":
    "Deploy: the zone's rules and the connector's paths come back. Look for a rule made by hand in front of them.",
};
