import { type Algorithm, hash, parseOptions, verify } from "@node-rs/argon2";
import { randomText } from "./random.server";

/** OWASP's least for argon2id: 19 MiB, two passes. About 12 ms of a core. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
// The package's enum has no value at run time where modules stand alone.
const argon2id = 2 as Algorithm;
/** More would fill the thread pool that files and name look-ups share. */
const atOnce = 2;

export type Passwords = ReturnType<typeof createPasswords>;

/** Passwords are hashed and compared exactly as received. */
export function createPasswords() {
  let running = 0;
  const waiting: (() => void)[] = [];
  let nobodys: Promise<string> | undefined;

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (running >= atOnce) await new Promise<void>((go) => waiting.push(go));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  }

  const make = (password: string) => inTurn(() => hash(password, { ...cost, algorithm: argon2id }));

  return {
    hash: make,
    /** Null stands for nobody's: it costs as much time and is never right. */
    async verify(hashed: string | null, password: string): Promise<boolean> {
      nobodys ??= make(randomText(30));
      const against = hashed ?? (await nobodys);
      return (await inTurn(() => verify(against, password))) && hashed !== null;
    },
    /** Made with less than today's cost, so that it is worth hashing again at the next sign-in. */
    isWeak(hashed: string): boolean {
      const { algorithm, memoryCost, timeCost, parallelism } = parseOptions(hashed);
      return algorithm !== argon2id || memoryCost < cost.memoryCost || timeCost < cost.timeCost || parallelism < cost.parallelism;
    },
  };
}
