import type { Argument, CommandUnknownOpts, Option } from '@commander-js/extra-typings';

/** A command, as `--help` shows it: completions and the man page are made of it. */
export interface CommandEntry {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionEntry[];
  readonly words: readonly WordEntry[];
  readonly commands: readonly CommandEntry[];
}

export interface OptionEntry {
  /** `-c`; absent where there is none. */
  readonly short: string | undefined;
  /** `--config`; absent where there is none. */
  readonly long: string | undefined;
  readonly description: string;
  /** What stands behind it; absent where nothing does. */
  readonly value: ValueEntry | undefined;
}

/** A word of the command line that is no option. */
export interface WordEntry {
  readonly description: string;
  readonly isVariadic: boolean;
  readonly value: ValueEntry;
}

export interface ValueEntry {
  /** As in `<file>`, without brackets. */
  readonly name: string;
  readonly isRequired: boolean;
  readonly of:
    | { readonly kind: 'choices'; readonly choices: readonly string[] }
    | { readonly kind: 'file' }
    | { readonly kind: 'folder' }
    | { readonly kind: 'anything' };
}

/** The table of a command and all visible commands below it. */
export function describeCommand(command: CommandUnknownOpts): CommandEntry {
  const help = command.createHelp();
  return {
    name: command.name(),
    description: help.commandDescription(command),
    options: help.visibleOptions(command).map((option) => describeOption(option, help)),
    words: command.registeredArguments.map((word) => describeWord(word, help)),
    commands: help.visibleCommands(command).map(describeCommand),
  };
}

type Help = ReturnType<CommandUnknownOpts['createHelp']>;

function describeOption(option: Option, help: Help): OptionEntry {
  const [name = ''] = /[^<[\]>]+(?=[\]>])/.exec(option.flags) ?? [];
  const takesValue = option.required || option.optional;
  return {
    short: option.short,
    long: option.long,
    description: help.optionDescription(option),
    value: takesValue
      ? { name, isRequired: option.required, of: kindOf(name, option.argChoices) }
      : undefined,
  };
}

function describeWord(word: Argument, help: Help): WordEntry {
  const name = word.name();
  return {
    description: help.argumentDescription(word),
    isVariadic: word.variadic,
    value: { name, isRequired: word.required, of: kindOf(name, word.argChoices) },
  };
}

/** A value says by its name whether it is a path. */
function kindOf(name: string, choices: readonly string[] | undefined): ValueEntry['of'] {
  if (choices !== undefined) return { kind: 'choices', choices };
  if (name === 'file' || name === 'path') return { kind: 'file' };
  if (name === 'folder') return { kind: 'folder' };
  return { kind: 'anything' };
}

/** How an option is called, the short name first. */
export function namesOf({ short, long }: OptionEntry): readonly string[] {
  return [short, long].filter((name) => name !== undefined);
}

/** The command as one types it: `zodbvault restore [options] [date]`. */
export function usageOf({ name, words }: CommandEntry, program: string): string {
  return [program, name, '[options]', ...words.map((word) => placeholderOf(word.value, word))].join(
    ' ',
  );
}

/** `<file>`, or `[file]` where it may be left out, with dots where there may be several. */
export function placeholderOf(
  { name, isRequired }: ValueEntry,
  { isVariadic }: { readonly isVariadic: boolean } = { isVariadic: false },
): string {
  const dots = isVariadic ? '...' : '';
  return isRequired ? `<${name}${dots}>` : `[${name}${dots}]`;
}

/** A description as a sentence begins. */
export function upperFirst(words: string): string {
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}
