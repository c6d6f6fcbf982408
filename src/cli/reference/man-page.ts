import { VERSION } from '../../system/processes/version.ts';
import { type CommandEntry, namesOf, type OptionEntry, type ValueEntry } from './command-table.ts';

/** man/zodbvault.1, in the language of man(7). */
export function formatManPage(program: CommandEntry): string {
  const { name, description, options, commands } = program;
  const [headline = ''] = description.split('. ');
  return `${[
    `.\\" Made by "npm run pages" from the tables of --help.`,
    `.TH ${name.toUpperCase()} 1 "" "${name} ${VERSION}" "User Commands"`,
    '.SH NAME',
    `${name} \\- ${text(lowerFirst(headline.replace(/\.$/, '')))}`,
    '.SH SYNOPSIS',
    `.B ${name}`,
    '.I command',
    text('[options] [words]'),
    '.SH DESCRIPTION',
    ...paragraphs(DESCRIPTION),
    '.SH OPTIONS',
    ...options.flatMap(optionLines),
    '.SH COMMANDS',
    ...commands.flatMap((command) => commandLines(command, name)),
    '.SH EXIT STATUS',
    ...EXIT_STATUSES.flatMap(([status, meaning]) => ['.TP', `.B ${status}`, text(meaning)]),
    '.SH SEE ALSO',
    '.BR rsync (1),',
    '.BR crontab (1),',
    '.BR systemd.timer (5)',
  ].join('\n')}\n`;
}

const DESCRIPTION = [
  'Backs up and restores the ZODB: the Data.fs of Plone and Zope sites, and its blobs. The backups are laid out as those of repozo and collective.recipe.backup, so that either can go on with what the other began.',
  'A backup may run while the site does. A restore makes everything new beside what is there, checks it, and swaps it in by renames; what was replaced is kept.',
];

/** Those of the README. */
const EXIT_STATUSES = [
  ['0', 'Done; also when nothing had to be done.'],
  ['1', 'Failed: one error, one hint, nothing changed.'],
  ['2', 'Wrong usage.'],
  ['3', 'Done, but with warnings that somebody should read.'],
  ['4', 'Another run holds the backups, or a server the Data.fs.'],
  ['130', 'Stopped by Ctrl-C or a signal.'],
] as const;

function paragraphs(all: readonly string[]): readonly string[] {
  return all.flatMap((one) => ['.PP', text(one)]).slice(1);
}

function commandLines(command: CommandEntry, program: string): readonly string[] {
  const words = command.words.map(({ value, isVariadic }) => bracketed(value, isVariadic));
  const usage = [program, command.name, '[options]', ...words].join(' ');
  return [
    `.SS "${text(usage)}"`,
    text(`${upperFirst(command.description)}.`),
    ...command.words.flatMap(({ value, description, isVariadic }) =>
      description === ''
        ? []
        : [
            '.TP',
            `.I ${text(bracketed(value, isVariadic))}`,
            text(withChoices(description, value)),
          ],
    ),
    ...command.options.flatMap(optionLines),
  ];
}

function optionLines(option: OptionEntry): readonly string[] {
  const { value, description } = option;
  const names = namesOf(option).map((name) => `\\fB${text(name)}\\fR`);
  const behind = value === undefined ? '' : ` \\fI${text(bracketed(value, false))}\\fR`;
  return ['.TP', `${names.join(', ')}${behind}`, text(description)];
}

function bracketed({ name, isRequired }: ValueEntry, isVariadic: boolean): string {
  const dots = isVariadic ? '...' : '';
  return isRequired ? `<${name}${dots}>` : `[${name}${dots}]`;
}

function withChoices(description: string, { of }: ValueEntry): string {
  const isSaid = of.kind !== 'choices' || description.includes('choices:');
  return isSaid ? description : `${description} (choices: ${of.choices.join(', ')})`;
}

/** Text as roff takes it: no escape, no request at the beginning, no letter outside of ASCII. */
function text(plain: string): string {
  return plain
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('"', '\\[dq]')
    .replace(/^[.']/, '\\&$&')
    .replace(/[^\x20-\x7e]/gu, (letter) => {
      const code = letter.codePointAt(0)?.toString(16).toUpperCase() ?? '';
      return `\\[u${code.padStart(4, '0')}]`;
    });
}

function lowerFirst(words: string): string {
  return words.slice(0, 1).toLowerCase() + words.slice(1);
}

function upperFirst(words: string): string {
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}
