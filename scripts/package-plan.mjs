/**
 * Which packages node_modules holds: `all`, or `runtime`, which is all but those that only building and testing need.
 * @typedef {"all" | "runtime"} Packages
 *
 * @typedef {object} State
 * @property {Packages} wanted what has to be there at the end, at least
 * @property {boolean} needsBuild
 * @property {Packages | "none"} present what is there and fits package-lock.json
 * @property {boolean} isOurs true if `npm start` made node_modules, or there is none; false in a development checkout
 */

/**
 * What has to be done. A build needs all packages; what is there beyond the wanted ones is removed after it only if `npm start`
 * itself installed it.
 * @param {State} state
 * @returns {{ install: boolean, prune: boolean }}
 */
export function planPackages({ wanted, needsBuild, present, isOurs }) {
  const needed = wanted === "all" || needsBuild ? "all" : "runtime";
  const install = present === "none" || (needed === "all" && present !== "all");
  const prune = wanted === "runtime" && isOurs && (install || present === "all");
  return { install, prune };
}

/**
 * What of a lock file's packages is there.
 * @param {Record<string, LockedPackage>} wanted as in package-lock.json
 * @param {Record<string, LockedPackage>} here as in node_modules/.package-lock.json
 * @returns {Packages | "none"}
 */
export function presentPackages(wanted, here) {
  const missing = Object.entries(wanted).filter(
    ([name, { version, optional, devOptional }]) =>
      name !== "" && (here[name] ? here[name].version !== version : !optional && !devOptional),
  );
  if (missing.length === 0) return "all";
  return missing.every(([name, { dev }]) => dev && !here[name]) ? "runtime" : "none";
}

/** @typedef {{ version?: string, dev?: boolean, optional?: boolean, devOptional?: boolean }} LockedPackage */
