import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatErrorsPage } from '../src/cli/explanations.ts';

/** Writes the pages that are made from tables in the code; tests hold them to these. */
const ROOT = join(import.meta.dirname, '..');

writeFileSync(join(ROOT, 'docs/errors.md'), formatErrorsPage());
