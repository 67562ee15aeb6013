import { spawnSync } from "node:child_process";

/** @param {string[]} names */
const anyRuns = (names) => names.some((name) => spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0);

const compilerTools = /** @type {const} */ ([
  ["python3", ["python3", "python"]],
  ["make", ["make", "gmake"]],
  ["g++", ["g++", "c++", "clang++"]],
]);

/** One sentence on what to do. @param {string} text what `npm ci` printed */
export function whyInstallFailed(text) {
  if (/gyp ERR!|node-gyp|prebuild-install/.test(text)) {
    const missing = compilerTools.filter(([, names]) => !anyRuns([...names])).map(([name]) => name);
    if (missing.length > 0)
      return (
        `better-sqlite3 has to be compiled here, and ${missing.join(" and ")} ${missing.length === 1 ? "is" : "are"} missing. ` +
        `Install them (Debian, Ubuntu: apt-get install -y python3 make g++) and start again.`
      );
    if (/nodejs\.org|ENOTFOUND|ETIMEDOUT|ECONNREFUSED|EAI_AGAIN|install error/.test(text))
      return (
        "better-sqlite3 has to be compiled here, and Node's headers are neither beside Node nor could they be fetched from nodejs.org. " +
        "Set npm_config_nodedir to the folder that holds include/node (with Debian's libnode-dev: /usr) and start again."
      );
    return "better-sqlite3 could not be compiled; the compiler's messages stand above. Put that right and start again.";
  }
  if (/EUSAGE/.test(text))
    return "package.json and package-lock.json do not fit together: run `npm install`, commit package-lock.json, and start again.";
  if (/ENOTFOUND|ETIMEDOUT|ECONNREFUSED|ECONNRESET|EAI_AGAIN/.test(text))
    return "npm could not reach its registry: check the network or npm's `registry` and proxy settings, and start again.";
  if (/ENOSPC/.test(text)) return "The disk is full: about 1 GB is needed. Make room and start again.";
  if (/EACCES|EPERM|EROFS/.test(text))
    return "npm may not write into this folder: give the user who runs it the right to, and start again.";
  return "`npm ci` failed; its messages stand above. Put that right and start again.";
}
