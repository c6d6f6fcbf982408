import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { folderState } from './buildout-site.ts';
import { lineReader } from './line-reader.ts';
import { programOf } from './real-parts.ts';
import type { TestSite } from './site.ts';

/** Histories of `test/real/programs/histories.py`. */
export const HISTORIES = [
  'undo',
  'conflicts',
  'savepoints',
  'metadata',
  'packs',
  'databases',
  'zlib',
] as const;
export type HistoryName = (typeof HISTORIES)[number];

/** A site as it was at the end of a stage. */
export interface Stage {
  readonly name: string;
  /** Path of a copy. */
  readonly dataFs: string;
  /** See {@link blobContents}. */
  readonly blobs: Readonly<Record<string, string>>;
}

/** Lets the real ZODB write a history into a site, and stops after each stage. */
export async function* stagesOf(site: TestSite, history: HistoryName): AsyncGenerator<Stage> {
  const blobs = join(site.folder, 'var/blobstorage');
  for (const folder of ['copies', 'var/filestorage', 'var/blobstorage']) {
    mkdirSync(join(site.folder, folder), { recursive: true });
  }
  const program = join(import.meta.dirname, '../real/programs/histories.py');
  const words = [program, history, site.dataFs, blobs];
  const child = spawn(programOf('zodb', 'python'), words, { stdio: ['pipe', 'pipe', 'inherit'] });
  const next = lineReader(child);
  try {
    for (let name = await next(); name !== undefined; name = await next()) {
      const dataFs = join(site.folder, 'copies', `${name}.fs`);
      copyFileSync(site.dataFs, dataFs);
      yield { name, dataFs, blobs: blobContents(blobs) };
      child.stdin.write('\n');
    }
  } finally {
    child.kill('SIGKILL'); // A test that fails goes no further.
  }
}

/** The md5 of each blob by its path; what a pack writes down for itself beside them is left out. */
export function blobContents(folder: string): Readonly<Record<string, string>> {
  const files = Object.entries(folderState(folder));
  return Object.fromEntries(files.filter(([path]) => path.endsWith('.blob')));
}
