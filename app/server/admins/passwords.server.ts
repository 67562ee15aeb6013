import { type Algorithm, hash, parseOptions, verify } from "@node-rs/argon2";
import { randomText } from "~/server/random.server";

/** OWASP's minimum for argon2id: 19 MiB, two passes. Takes about 12 ms of a core. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
// The package's const enum has no runtime value under isolatedModules.
const argon2id = 2 as Algorithm;
/** More would fill the thread pool, which files and DNS lookups share. */
const maxRunning = 2;
/** About a second of work. Known browsers have a separate queue that goes first, so a flood of strangers cannot keep them out. */
const maxWaiting = 100;

/** Shown if the queue is full; the password was not checked. */
export const passwordsBusy = "Too many passwords are being checked just now. Try again in a few seconds.";
export const busyRetrySeconds = 2;

export type Passwords = ReturnType<typeof createPasswords>;

/** Passwords are hashed and compared exactly as received. */
export function createPasswords() {
  let running = 0;
  const first: (() => void)[] = [];
  const later: (() => void)[] = [];
  let nobodys: Promise<string> | undefined;

  async function inTurn<T>(work: () => Promise<T>, goesFirst: boolean): Promise<T | null> {
    const line = goesFirst ? first : later;
    if (running >= maxRunning && line.length >= maxWaiting) return null;
    if (running >= maxRunning) await new Promise<void>((go) => line.push(go));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = first.shift() ?? later.shift();
      if (next) next();
      else running -= 1;
    }
  }

  const compute = (password: string) => hash(password, { ...cost, algorithm: argon2id });

  return {
    /** Only for callers that proved a password, a session or a one-time link. Returns null if the queue is full. */
    hash: (password: string) => inTurn(() => compute(password), true),
    /** A missing hash takes as long to verify and never matches. Returns null if the queue is full. */
    async verify(hashed: string | null, password: string, { goesFirst = false } = {}): Promise<boolean | null> {
      nobodys ??= compute(randomText(30));
      const against = hashed ?? (await nobodys);
      const isRight = await inTurn(() => verify(against, password), goesFirst);
      return isRight === null ? null : isRight && hashed !== null;
    },
    /** True if the hash is weaker than the current cost, so that it is replaced at the next sign-in. */
    isWeak(hashed: string): boolean {
      const { algorithm, memoryCost, timeCost, parallelism } = parseOptions(hashed);
      return algorithm !== argon2id || memoryCost < cost.memoryCost || timeCost < cost.timeCost || parallelism < cost.parallelism;
    },
  };
}
