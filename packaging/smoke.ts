/**
 * Tries the executable on a machine without Node.
 *
 * Usage: npm run smoke:binary, after npm run build:binary
 */
import { join } from 'node:path';
import { tryExecutable } from './try-executable.ts';

await tryExecutable(join(import.meta.dirname, '../build/zodbvault'));
process.stdout.write('The executable works without Node.\n');
