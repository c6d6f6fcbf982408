import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import zlib from 'node:zlib';
import { PACKAGING } from '../processes/packaging.ts';
import type { Program } from '../processes/programs.ts';
import type { IsalLevel } from './library.ts';
import { IsalProcess } from './process.ts';

/** One for each core, but each takes some 50 MB of memory. */
const MOST_PROCESSES = 4;
/** Requests for each process, so that it has the next one when it has answered one. */
const REQUESTS_AT_A_TIME = 2;
/** How long an answer may take: it takes milliseconds, but the machine may be busy. */
const PATIENCE_MS = 30_000;

/**
 * The program that calls ISA-L; undefined where this packaging has none, and for a Node before 20.15, which has no CRC-32
 * to check its results with.
 *
 * @param level - 1 (fast) to 3 (small)
 */
export function isalProgram(level: IsalLevel): Program | undefined {
  if (PACKAGING.kind !== 'package' || !('crc32' in zlib)) return undefined;
  return { path: process.execPath, arguments: [fileURLToPath(PACKAGING.isal), `${level}`] };
}

/** Processes that call ISA-L, one for each core. When one of them fails, none is asked again. */
export class IsalPool implements AsyncDisposable {
  readonly #processes: readonly IsalProcess[];

  private constructor(processes: readonly IsalProcess[]) {
    this.#processes = processes;
  }

  /** Undefined where ISA-L can't be called: koffi or the library is not installed, or makes something wrong. */
  static async start(
    program: Program,
    { patienceMs = PATIENCE_MS }: { readonly patienceMs?: number } = {},
  ): Promise<IsalPool | undefined> {
    const count = Math.min(availableParallelism(), MOST_PROCESSES);
    const processes = Array.from({ length: count }, () => new IsalProcess(program, { patienceMs }));
    const pool = new IsalPool(processes);
    const known = knownContent();
    const proofs = await Promise.all(processes.map((process) => makesGzip(process, known)));
    if (proofs.every((isProven) => isProven)) return pool;
    await pool[Symbol.asyncDispose]();
    return undefined;
  }

  /** Requests that keep all processes at work. */
  get requestsAtATime(): number {
    return this.#processes.length * REQUESTS_AT_A_TIME;
  }

  /** As {@link IsalProcess.compress}; undefined also after any process failed. */
  async compress(...request: Parameters<IsalProcess['compress']>): Promise<Buffer | undefined> {
    if (!this.#processes.every(({ isUsable }) => isUsable)) {
      await this[Symbol.asyncDispose]();
      return undefined;
    }
    const idlest = this.#processes.reduce((least, one) => (one.load < least.load ? one : least));
    return idlest.compress(...request);
  }

  /** Ends all processes, and waits until they are gone; open requests get no answer. May be called again. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.end()));
  }
}

/** Lines of numbers, which deflate makes much smaller. */
function knownContent(): Buffer {
  return Buffer.from(Array.from({ length: 4000 }, (_, n) => `${n} ${n * n}\n`).join(''));
}

/** Whether zlib reads what the process makes of known bytes. */
async function makesGzip(process: IsalProcess, known: Buffer): Promise<boolean> {
  const gzipped = await process.compress(known, { headroom: 0 });
  try {
    return gzipped !== undefined && zlib.gunzipSync(gzipped).equals(known);
  } catch {
    return false; // It is no gzip.
  }
}
