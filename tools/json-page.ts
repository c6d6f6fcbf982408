import type { JsonSchema } from '@valibot/to-json-schema';
import { COMMANDS_WITH_JSON, jsonSchemas } from './json-schemas.ts';

/**
 * docs/reference/json.md: what every command prints with --json.
 *
 * @param examples - what each command has printed, by its name
 */
export function formatJsonPage(examples: ReadonlyMap<string, string>): string {
  const schemas = jsonSchemas();
  const failure = schemas.get('failure.schema.json') ?? {};
  const common = ['command', ...Object.keys(failure.properties ?? {})];
  const sections = COMMANDS_WITH_JSON.map((command) => {
    const [document = {}] = variantsOf(schemas.get(`${command}.schema.json`) ?? {});
    const names = namesIn(document).filter(({ name }) => !common.includes(name));
    return [
      `## ${command}`,
      `[Schema](json/${command}.schema.json).`,
      linesOf(names, ''),
      `\`\`\`json\n${examples.get(command)?.trimEnd()}\n\`\`\``,
    ].join('\n\n');
  });
  return `${INTRODUCTION}\n${linesOf(namesIn(failure), '')}\n${CONTINUATION}\n${sections.join('\n\n')}\n`;
}

interface NamedValue {
  readonly name: string;
  readonly isRequired: boolean;
  readonly schema: JsonSchema;
}

function namesIn({ properties = {}, required = [] }: JsonSchema): readonly NamedValue[] {
  return Object.entries(properties).flatMap(([name, schema]) =>
    typeof schema === 'boolean' ? [] : [{ name, isRequired: required.includes(name), schema }],
  );
}

function linesOf(names: readonly NamedValue[], indentation: string): string {
  return names.map((one) => describe(one, indentation)).join('\n');
}

/** A line, and one for each name of what it holds. */
function describe({ name, isRequired, schema }: NamedValue, indentation: string): string {
  const absent = isRequired ? '' : ', may be absent';
  const says = schema.description === undefined ? '' : `: ${schema.description}`;
  const head = `${indentation}- \`${name}\`, ${typeOf(schema)}${absent}${says}`;
  const inner = namesOfContent(schema);
  return inner.length === 0 ? head : `${head}\n${linesOf(inner, `${indentation}  `)}`;
}

/** Those of an object, of the items of a list, or of all the forms that they may have. */
function namesOfContent(schema: JsonSchema): readonly NamedValue[] {
  const names = new Map<string, NamedValue>();
  for (const form of variantsOf(itemOf(schema))) {
    for (const one of namesIn(form)) if (!names.has(one.name)) names.set(one.name, one);
  }
  return [...names.values()];
}

function itemOf(schema: JsonSchema): JsonSchema {
  const { items } = schema;
  return typeof items === 'object' && !Array.isArray(items) ? items : schema;
}

function variantsOf(schema: JsonSchema): readonly JsonSchema[] {
  const forms = schema.anyOf ?? schema.oneOf ?? [schema];
  return forms.filter((one) => typeof one !== 'boolean');
}

function typeOf(schema: JsonSchema): string {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum !== undefined) {
    return schema.enum.map((one) => `\`${JSON.stringify(one)}\``).join(' or ');
  }
  if (schema.format === 'date-time') return 'time';
  if (schema.type === 'array') return `list of ${pluralOf(itemOf(schema))}`;
  return typeof schema.type === 'string' ? schema.type : 'object';
}

function pluralOf(item: JsonSchema): string {
  if (item.enum !== undefined) return typeOf(item);
  return `${typeof item.type === 'string' ? item.type : 'object'}s`;
}

const INTRODUCTION = `# JSON

<!-- Made by "npm run pages" from src/cli/render/json. -->

With \`--json\`, a command prints one JSON object on stdout when it ends, whatever happens. Each item of its lists is on a
line of its own. Log, warnings and questions go to stderr, as without \`--json\`. \`--log-format json\` makes lines of JSON
of them, while the command works.

- The commands that are not listed here have no \`--json\`: \`completions\` prints a script for a shell, \`demo\` and
  \`run-schedule\` have a log and no result, and \`repozo\` and the scripts of a buildout print what the
  programs print that they replace.
- A value that is not known is absent. None is \`null\`.
- Times are ISO 8601, UTC: \`2026-03-01T04:05:06.000Z\`. Those of transactions have microseconds.
- \`stamp\` is the name of a restore point: its date, UTC, as every command takes it.
- What ends with \`Bytes\` is in bytes, what ends with \`Seconds\` in seconds.
- \`format\` is 1. Later versions may add names, and codes of warnings. They do not rename or remove any.
- The schema of each command is a file of JSON Schema, draft 7. It takes names that it does not know.

## What every document has
`;

const CONTINUATION = `
\`status\` is the exit status: 0 done, 1 failed, 2 wrong usage, 3 done with warnings, 4 locked, 130 interrupted; of
\`check\`, 0 to 3 as monitoring takes them. Where a command works on several sites, what was done is in the result, and
what was not is in \`errors\`, each with its \`site\`. A command that fails before it begins has nothing but these names.

\`\`\`sh
zodbvault list --json | jq -r '.points[-1].time'           # when the newest restore point was made
zodbvault backup --json | jq -e '.errors == []'            # whether all was backed up
zodbvault backup --json | jq -r '.warnings[] | .code'      # what somebody should look into
zodbvault check --json | jq -r '.findings[] | select(.state != "ok") | .message'
\`\`\`

The examples below are what the command has printed in a sample site. Long lists and long texts are cut.
`;
