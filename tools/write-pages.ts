import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildProgram } from '../src/cli/program.ts';
import { describeCommand } from '../src/cli/reference/command-table.ts';
import { formatErrorsPage } from '../src/cli/reference/error-explanations.ts';
import { formatManPage } from '../src/cli/reference/man-page.ts';
import { formatWarningsPage } from '../src/cli/reference/warnings-page.ts';
import { tomlSchema } from '../src/config/toml/json-schema.ts';

/** Writes the pages that are made from tables in the code; tests hold them to these. */
const ROOT = join(import.meta.dirname, '..');

writeFileSync(join(ROOT, 'docs/reference/errors.md'), formatErrorsPage());
writeFileSync(join(ROOT, 'docs/reference/warnings.md'), formatWarningsPage());
mkdirSync(join(ROOT, 'man'), { recursive: true });
writeFileSync(join(ROOT, 'man/zodbvault.1'), formatManPage(describeCommand(await buildProgram())));
writeFileSync(
  join(ROOT, 'docs/reference/zodbvault.schema.json'),
  `${JSON.stringify(tomlSchema(), null, 2)}\n`,
);
