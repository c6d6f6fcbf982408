import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { zodbvault } from '../support/command.ts';
import { documentOf } from '../support/document.ts';
import { findPython, runPython } from '../support/python.ts';
import { scratchFolder } from '../support/scratch.ts';

const python = findPython('hashlib', 'json', 'struct', 'zlib');
const READER = join(import.meta.dirname, 'second-reader.py');

/** Needs Python 3. */
it.skipIf(python === undefined)(
  'a reader that was written from docs/internals/repository-format.md restores each backup',
  async () => {
    const site = join(scratchFolder(), 'site');
    const { status, stderr } = await zodbvault(['demo', site]);
    expect([status, stderr]).toEqual([0, stderr]);
    const { points } = documentOf(await zodbvault(['list', '--json'], { cwd: site }));
    const stamps = points.map(({ stamp }: { readonly stamp: string }) => stamp).sort();
    const states = ['first-backup-Data.fs', 'var/filestorage/Data.fs'];
    expect(stamps.length).toBe(states.length);
    for (const [index, state] of states.entries()) {
      const restored = join(site, 'restored');
      runPython(python ?? '', [
        ...[READER, join(site, 'var/backups'), stamps[index] ?? '', restored],
      ]);
      const isSame = readFileSync(restored).equals(readFileSync(join(site, state)));
      expect([state, isSame]).toEqual([state, true]);
    }
  },
);
