import { type Control, faultsFinding, ofSection } from "../control";
import type { SurveyedServer } from "./subject";

/** Encrypted, on disk. */
const vault = "/etc/agent-secrets";
/** In clear, in memory. */
const memory = "/run/agent-secrets";

interface Access {
  mode: string;
  uid: number;
  gid: number;
}

export const secretFiles: Control<SurveyedServer> = {
  id: "secret-files",
  title: "each secret can be read by its agent alone",
  allowed: "on disk root only; in memory mode 0400, owned by the agent's user",
  judge: ({ survey, expected }) =>
    ofSection(survey.secrets, (found) => {
      const paths = Object.keys(found).filter((path) => !path.endsWith(".new"));
      const faults = paths.flatMap((path) => {
        const wanted = wantedAccess(path, expected);
        if (wanted === undefined) return [`${path} belongs to no agent of this server`];
        const seen = words(found[path]!);
        return seen === words(wanted) ? [] : [`${path} is ${seen} instead of ${words(wanted)}`];
      });
      const missing = [...expected.keys()].filter((name) => !paths.includes(`${memory}/${name}`));
      const secrets = paths.filter((path) => path.startsWith(`${memory}/`) && path.split("/").length === 5);
      return faultsFinding(
        [...faults, ...missing.map((name) => `${memory}/${name} is missing`)],
        `${secrets.length} files`,
      );
    }),
};

/** Who may read a path, as creel-agent sets it; undefined for what no container of the fleet has. */
function wantedAccess(path: string, expected: Map<string, number>): Access | undefined {
  if (path === vault) return { mode: "0700", uid: 0, gid: 0 };
  if (path === memory) return { mode: "0711", uid: 0, gid: 0 };
  const inMemory = path.startsWith(`${memory}/`);
  const [name = "", file] = path.slice((inMemory ? memory : vault).length + 1).split("/");
  const uid = expected.get(name);
  if (uid === undefined) return undefined;
  const isFolder = file === undefined;
  if (!inMemory) return { mode: isFolder ? "0700" : "0600", uid: 0, gid: 0 };
  return isFolder ? { mode: "0550", uid: 0, gid: uid } : { mode: "0400", uid, gid: uid };
}

function words({ mode, uid, gid }: Access): string {
  return `${mode} ${uid}:${gid}`;
}
