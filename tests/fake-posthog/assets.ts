import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Answer, json } from "./modes";

const script = (body: string | Buffer): Answer => ({ status: 200, headers: { "content-type": "application/javascript" }, body });

const published = fileURLToPath(new URL("../../node_modules/posthog-js/dist/", import.meta.url));

/** Scripts posthog-js loads itself. Those in its package are the real ones. */
export function answerAsset(path: string): Answer | undefined {
  if (/^\/array\/[^/]+\/config(\.js)?$/.test(path)) return remoteConfig(path);
  const name = /^\/static\/(?:[\w.-]+\/)?([\w-]+\.js)$/.exec(path)?.[1];
  if (!name) return undefined;
  const file = published + name;
  return script(existsSync(file) ? readFileSync(file) : `/* stand-in for ${name} */`);
}

function remoteConfig(path: string): Answer {
  const config = {
    supportedCompression: ["gzip-js"],
    hasFeatureFlags: true,
    sessionRecording: { endpoint: "/s/" },
    surveys: false,
    heatmaps: false,
  };
  if (!path.endsWith(".js")) return json(config);
  const token = path.split("/")[2];
  return script(`window._POSTHOG_REMOTE_CONFIG = { ${JSON.stringify(token)}: { config: ${JSON.stringify(config)}, siteApps: [] } };`);
}
