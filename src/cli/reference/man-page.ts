import { VERSION } from '../../system/processes/version.ts';
import {
  type CommandEntry,
  namesOf,
  type OptionEntry,
  placeholderOf,
  upperFirst,
  usageOf,
  type ValueEntry,
} from './command-table.ts';
import { EXIT_STATUSES } from './exit-statuses.ts';
import { explanationOf } from './explanations.ts';
import { roffOfMarkdown, roffText } from './roff.ts';

/** man/zodbvault.1, in the language of man(7). */
export function formatManPage(program: CommandEntry): string {
  const { name, description, options, commands } = program;
  const [headline = ''] = description.split('. ');
  return `${[
    `.\\" Made by "npm run pages" from the tables of --help.`,
    `.TH ${name.toUpperCase()} 1 "" "${name} ${VERSION}" "User Commands"`,
    '.SH NAME',
    `${name} \\- ${roffText(lowerFirst(headline.replace(/\.$/, '')))}`,
    '.SH SYNOPSIS',
    `.B ${name}`,
    '.I command',
    roffText('[options] [words]'),
    '.SH DESCRIPTION',
    ...paragraphs(DESCRIPTION),
    '.SH OPTIONS',
    ...options.flatMap(optionLines),
    '.SH COMMANDS',
    ...commands.flatMap((command) => commandLines(command, name)),
    '.SH EXIT STATUS',
    ...EXIT_STATUSES.flatMap(([status, meaning]) => ['.TP', `.B ${status}`, roffText(meaning)]),
    '.SH SEE ALSO',
    '.BR rsync (1),',
    '.BR crontab (1),',
    '.BR systemd.timer (5)',
  ].join('\n')}\n`;
}

const DESCRIPTION = [
  'Backs up and restores the ZODB: the Data.fs of Plone and Zope sites, and its blobs. The files are those of repozo and collective.recipe.backup, so you can switch between the programs at any time.',
  'The site may run during a backup. A restore builds everything beside the live files, checks it, and swaps it in by renaming; it keeps the replaced files.',
];

function paragraphs(all: readonly string[]): readonly string[] {
  return all.flatMap((one) => ['.PP', roffText(one)]).slice(1);
}

function commandLines(command: CommandEntry, program: string): readonly string[] {
  return [
    `.SS "${roffText(usageOf(command, program))}"`,
    roffText(`${upperFirst(command.description)}.`),
    ...roffOfMarkdown(explanationOf(command.name)),
    ...command.words.flatMap((word) =>
      word.description === ''
        ? []
        : [
            '.TP',
            `.I ${roffText(placeholderOf(word.value, word))}`,
            roffText(withChoices(word.description, word.value)),
          ],
    ),
    ...command.options.flatMap(optionLines),
  ];
}

function optionLines(option: OptionEntry): readonly string[] {
  const { value, description } = option;
  const names = namesOf(option).map((name) => `\\fB${roffText(name)}\\fR`);
  const behind = value === undefined ? '' : ` \\fI${roffText(placeholderOf(value))}\\fR`;
  return ['.TP', `${names.join(', ')}${behind}`, roffText(description)];
}

function withChoices(description: string, { of }: ValueEntry): string {
  const isSaid = of.kind !== 'choices' || description.includes('choices:');
  return isSaid ? description : `${description} (choices: ${of.choices.join(', ')})`;
}

function lowerFirst(words: string): string {
  return words.slice(0, 1).toLowerCase() + words.slice(1);
}
