import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { root } from "./run.mjs";

/** What a build is made from. */
const sources = [
  ...["app", "db", "drizzle", "public"],
  ...["package.json", "package-lock.json", "tsconfig.json"],
  ...["vite.config.ts", "remix.config.js", "tailwind.config.ts", "posthog.config.ts"],
];
const isTest = /\.test\.tsx?$/;

/** @param {string} relative @returns {string[]} */
function filesOf(relative) {
  const stat = statSync(path.join(root, relative), { throwIfNoEntry: false });
  if (!stat?.isDirectory()) return stat ? [relative] : [];
  return readdirSync(path.join(root, relative))
    .sort()
    .flatMap((name) => filesOf(path.join(relative, name)));
}

/** Changes when a build would come out differently: by contents, since `git` and copies give files new dates. */
export function sourcesStamp() {
  const hash = createHash("sha256");
  for (const file of sources.flatMap(filesOf)) {
    if (isTest.test(file)) continue;
    const contents = readFileSync(path.join(root, file));
    hash.update(`${file}\0${contents.length}\0`).update(contents);
  }
  return hash.digest("hex");
}

/** Changes when other packages are locked, or when this Node could not load what the last one compiled. */
export function packagesStamp() {
  const { platform, arch, versions } = process;
  const hash = createHash("sha256").update(readFileSync(path.join(root, "package-lock.json")));
  return hash.update(`${platform} ${arch} ${versions.modules}`).digest("hex");
}
