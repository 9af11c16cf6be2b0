import { type Control, faultsFinding, ofSection } from "../control";
import type { SurveyedServer } from "./subject";

/** What `sshd -T` must say, by keyword. */
const wanted: Record<string, string> = {
  port: "22",
  permitrootlogin: "no",
  passwordauthentication: "no",
  kbdinteractiveauthentication: "no",
  permitemptypasswords: "no",
  hostbasedauthentication: "no",
  pubkeyauthentication: "yes",
  permituserenvironment: "no",
  x11forwarding: "no",
  allowtcpforwarding: "no",
  allowagentforwarding: "no",
  allowstreamlocalforwarding: "no",
  permittunnel: "no",
  gatewayports: "no",
};

export const sshSettings: Control<SurveyedServer> = {
  id: "ssh-settings",
  title: "sshd lets in keys only, and forwards nothing",
  allowed: "port 22, public keys, one user who is not root; no passwords, no forwarding",
  judge: ({ survey, user }) =>
    ofSection(survey.sshd, (settings) => {
      const faults = Object.entries({ ...wanted, allowusers: user })
        .filter(([key, value]) => settings[key]?.join(" ") !== value)
        .map(([key, value]) => `${key} is ${settings[key]?.join(" ") ?? "not set"} instead of ${value}`);
      return faultsFinding(faults, `keys of ${user} only`);
    }),
};
