import { type Control, faultsFinding, ofSection } from "../control";
import type { SurveyedServer } from "./subject";

const keywords = [
  "kexalgorithms",
  "ciphers",
  "macs",
  "hostkeyalgorithms",
  "pubkeyacceptedalgorithms",
  "casignaturealgorithms",
];

/** What ssh-audit fails: SHA-1, MD5, NIST curves, DSA, CBC, RC4, and tags of 64 bits (https://github.com/jtesta/ssh-audit). */
const weak = /sha1\b|md5|nistp|^ssh-(rsa|dss)|-cbc\b|3des|arcfour|umac-64/;

export const sshAlgorithms: Control<SurveyedServer> = {
  id: "ssh-algorithms",
  title: "sshd offers no weak algorithm",
  allowed: "no SHA-1, MD5, NIST curve, DSA, CBC, RC4 or 64-bit tag",
  judge: ({ survey }) =>
    ofSection(survey.sshd, (settings) => {
      const faults = keywords.flatMap((key) => {
        const offered = (settings[key] ?? []).flatMap((value) => value.split(","));
        if (offered.length === 0) return [`${key} is not set`];
        return offered.filter((name) => weak.test(name)).map((name) => `${key} offers ${name}`);
      });
      return faultsFinding(faults, "strong ones only");
    }),
};
