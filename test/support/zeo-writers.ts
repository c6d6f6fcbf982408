import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { lineReader } from './line-reader.ts';
import { programOf } from './real-parts.ts';
import type { ZeoServer } from './zeo-server.ts';

/** What the clients have done: see `test/real/programs/zeo_writers.py`. */
export interface WritersReport {
  readonly commits: number;
  readonly blobs: number;
  readonly conflicts: number;
  readonly disconnected: number;
  readonly packs: number;
}

/** Four clients of a ZEO server that commit without pause. */
export interface ZeoWriters {
  /** Packs to now through a client; resolves when the server is done. */
  readonly pack: () => Promise<void>;
  readonly stop: () => Promise<WritersReport>;
}

/** Starts them; resolves when each has committed. They end with the test that calls this, at the latest. */
export async function startZeoWriters(
  { socket, blobs }: ZeoServer,
  seed: number,
): Promise<ZeoWriters> {
  const program = join(import.meta.dirname, '../real/programs/zeo_writers.py');
  const words = [program, socket, blobs, String(seed)];
  const writers = spawn(programOf('zodb', 'python'), words, { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void writers.kill('SIGKILL'));
  const next = lineReader(writers);
  await next();
  return {
    pack: async () => {
      writers.stdin.write('pack\n');
      await next();
    },
    stop: async () => {
      writers.stdin.write('stop\n');
      return JSON.parse((await next()) ?? '') as WritersReport;
    },
  };
}
