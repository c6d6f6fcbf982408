/**
 * Writes what the built command says into the sessions of the README.
 *
 * Usage: npm run build && tsx tools/write-sessions.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaySessions } from './sessions.ts';

const README = join(import.meta.dirname, '../README.md');
writeFileSync(README, await replaySessions(readFileSync(README, 'utf8')));
