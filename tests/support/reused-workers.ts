import { ForksPoolWorker, type PoolOptions, type WorkerRequest } from "vitest/node";

/**
 * Test files that one process runs before another takes its place. Loading the program's modules takes 6 to 8 s, which files of
 * a process share; but what they leave behind adds up to about 45 MB a file.
 */
const maxFilesPerWorker = 10;

const name = "reused-forks";

class ReusedWorker extends ForksPoolWorker {
  override readonly name = name;
  #files = 0;

  override send(message: WorkerRequest): void {
    if (message.type === "run") this.#files += message.context.files.length;
    super.send(message);
  }

  canReuse(): boolean {
    return this.#files < maxFilesPerWorker;
  }
}

/** Like vitest's own `forks` with `isolate: false`, with a bound on the files of a process. */
export const reusedWorkers = { name, createPoolWorker: (options: PoolOptions) => new ReusedWorker(options) };
