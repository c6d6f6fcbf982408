import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildProgram } from '../src/cli/program.ts';
import { describeCommand } from '../src/cli/reference/command-table.ts';
import { formatCommandsPage } from '../src/cli/reference/commands-page.ts';
import { fillConfigurationPage } from '../src/cli/reference/configuration-page.ts';
import { formatErrorsPage } from '../src/cli/reference/error-explanations.ts';
import { formatManPage } from '../src/cli/reference/man-page.ts';
import { formatWarningsPage } from '../src/cli/reference/warnings-page.ts';
import { tomlSchema } from '../src/config/toml/json-schema.ts';
import { formatJsonPage } from './json-page.ts';
import { COMMANDS_WITH_JSON, jsonSchemas } from './json-schemas.ts';

/** Writes the pages that are made from tables in the code. With `--check`, it only names those that would change. */
const ROOT = join(import.meta.dirname, '..');
const isCheck = process.argv.includes('--check');

const JSON_FOLDER = 'docs/reference/json';
const commands = describeCommand(await buildProgram());
const pages = {
  'docs/reference/commands.md': () => formatCommandsPage(commands),
  'docs/reference/configuration.md': fillConfigurationPage,
  'docs/reference/errors.md': formatErrorsPage,
  'docs/reference/warnings.md': formatWarningsPage,
  'man/zodbvault.1': () => formatManPage(commands),
  'docs/reference/zodbvault.schema.json': () => asText(tomlSchema()),
  'docs/reference/json.md': () => formatJsonPage(jsonExamples()),
  ...Object.fromEntries(
    [...jsonSchemas()].map(([name, schema]) => [`${JSON_FOLDER}/${name}`, () => asText(schema)]),
  ),
};

for (const [name, made] of Object.entries(pages)) {
  const path = join(ROOT, name);
  const page = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const now = made(page);
  if (!isCheck) writeFileSync(path, now);
  else if (!isSame(page, now)) {
    console.log(`${name} is not what "npm run pages" makes of the tables`);
    process.exitCode = 1;
  }
}

function jsonExamples(): ReadonlyMap<string, string> {
  const path = (command: string) => join(ROOT, JSON_FOLDER, `${command}.example.json`);
  return new Map(COMMANDS_WITH_JSON.map((one) => [one, readFileSync(path(one), 'utf8')]));
}

function asText(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** JSON may be formatted in another way. */
function isSame(page: string, now: string): boolean {
  const isJson = page.startsWith('{');
  return isJson
    ? JSON.stringify(JSON.parse(page)) === JSON.stringify(JSON.parse(now))
    : page === now;
}
