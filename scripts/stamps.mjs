import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { root } from "./run.mjs";

/** Inputs of a build. */
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

/** Changes when the build would differ: by content, because `git` and copies change dates. */
export function sourcesStamp() {
  const hash = createHash("sha256");
  for (const file of sources.flatMap(filesOf)) {
    if (isTest.test(file)) continue;
    const contents = readFileSync(path.join(root, file));
    hash.update(`${file}\0${contents.length}\0`).update(contents);
  }
  return hash.digest("hex");
}

/** Changes with the locked packages, or with a Node that cannot load what was compiled. */
export function packagesStamp() {
  const { platform, arch, versions } = process;
  const hash = createHash("sha256").update(readFileSync(path.join(root, "package-lock.json")));
  return hash.update(`${platform} ${arch} ${versions.modules}`).digest("hex");
}
