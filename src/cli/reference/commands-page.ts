import {
  type CommandEntry,
  namesOf,
  type OptionEntry,
  placeholderOf,
  upperFirst,
  usageOf,
} from './command-table.ts';
import { EXIT_STATUSES } from './exit-statuses.ts';
import { ALL_COMMANDS, explanationOf } from './explanations.ts';
import { markdownTable } from './markdown-table.ts';

/** An option that so many commands have, in the same words, is explained once for all. */
const SHARED_BY = 4;

/** docs/reference/commands.md: every command with its arguments, options and explanation, as Markdown. */
export function formatCommandsPage({ name: program, commands }: CommandEntry): string {
  const shared = sharedOptions(commands);
  const list = commands.map(({ name, description }) => [
    `[${name}](#${program}-${name})`,
    description,
  ]);
  return [
    INTRODUCTION,
    markdownTable(['Command', 'What it does'], list),
    '## All commands',
    explanationOf(ALL_COMMANDS),
    '**Exit statuses.** `check` and `repozo` have their own.',
    markdownTable(['Status', 'Meaning'], EXIT_STATUSES),
    AFTER_STATUSES,
    '### Shared options',
    'The sections below name these options and do not explain them again.',
    optionTable(shared),
    ...commands.map((command) => formatCommand(command, { program, shared })),
  ]
    .join('\n\n')
    .concat('\n');
}

function formatCommand(
  command: CommandEntry,
  { program, shared }: { readonly program: string; readonly shared: readonly OptionEntry[] },
): string {
  const { name, description, words, options } = command;
  const isShared = (option: OptionEntry) => shared.some((one) => isSame(one, option));
  const own = options.filter((option) => !isShared(option));
  const others = options.filter(isShared).map((option) => `\`${namesOf(option).join(', ')}\``);
  const described = words
    .filter((word) => word.description !== '')
    .map((word) => [`\`${word.value.name}\``, word.description]);
  return [
    `## ${program} ${name}`,
    `${upperFirst(description)}.`,
    `\`\`\`\n${usageOf(command, program)}\n\`\`\``,
    explanationOf(name),
    ...(described.length === 0 ? [] : [markdownTable(['Argument', 'Meaning'], described)]),
    ...(own.length === 0 ? [] : [optionTable(own)]),
    ...(others.length === 0 ? [] : [`[Shared options](#shared-options): ${others.join(' ')}`]),
  ].join('\n\n');
}

/** Those that many commands have, in the order in which they come first. */
function sharedOptions(commands: readonly CommandEntry[]): readonly OptionEntry[] {
  const all = commands.flatMap(({ options }) => options);
  return all.filter(
    (option, index) =>
      all.findIndex((one) => isSame(one, option)) === index &&
      all.filter((one) => isSame(one, option)).length >= SHARED_BY,
  );
}

function isSame(one: OptionEntry, other: OptionEntry): boolean {
  return namesOf(one).join() === namesOf(other).join() && one.description === other.description;
}

function optionTable(options: readonly OptionEntry[]): string {
  return markdownTable(
    ['Option', 'Meaning'],
    options.map((option) => {
      const behind = option.value === undefined ? '' : ` ${placeholderOf(option.value)}`;
      return [`\`${namesOf(option).join(', ')}${behind}\``, option.description];
    }),
  );
}

const INTRODUCTION = `# Commands

<!-- Made by "npm run pages" from the tables of --help and from src/cli/reference/explanations. -->`;

const AFTER_STATUSES = `If one of several sites fails, zodbvault goes on with the others. The exit status is the worst one then, in this
order: 130, 1, 2, 4, 3, 0. \`install\` ends with 0 in spite of warnings.`;
