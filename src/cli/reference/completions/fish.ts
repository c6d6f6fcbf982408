import type { CommandEntry, OptionEntry, ValueEntry } from '../command-table.ts';

/** What fish completes `zodbvault` with. */
export function formatFishCompletions(program: CommandEntry): string {
  const { name, options, commands } = program;
  const start = `complete -c ${name}`;
  const first = `${start} -n __fish_use_subcommand`;
  const lines = [
    `# fish completions of ${name}: put this file into ~/.config/fish/completions/${name}.fish`,
    `${start} -f`,
    ...options.map((option) => `${first}${flagsOf(option)}`),
    ...commands.map((command) => `${first} -a ${command.name} -d ${quote(command.description)}`),
    ...commands.flatMap((command) => {
      const inside = `${start} -n '__fish_seen_subcommand_from ${command.name}'`;
      const [word] = command.words;
      return [
        ...command.options.map((option) => `${inside}${flagsOf(option)}`),
        ...(word === undefined ? [] : wordsOf(word.value).map((words) => `${inside} ${words}`)),
      ];
    }),
  ];
  return `${lines.join('\n')}\n`;
}

function flagsOf({ short, long, description, value }: OptionEntry): string {
  const names = [
    ...(short === undefined ? [] : [`-s ${short.slice(1)}`]),
    ...(long === undefined ? [] : [`-l ${long.slice(2)}`]),
  ];
  // A value that may be missing stands behind "=" only: fish must not wait for it.
  const values = value?.isRequired ? ['-r', ...wordsOf(value)] : [];
  return ` ${[...names, ...values, `-d ${quote(description)}`].join(' ')}`;
}

function wordsOf({ of }: ValueEntry): readonly string[] {
  switch (of.kind) {
    case 'choices':
      return [`-a ${quote(of.choices.join(' '))}`];
    case 'file':
      return ['-F'];
    case 'folder':
      return [`-a '(__fish_complete_directories)'`];
    case 'anything':
      return [];
    default:
      return of satisfies never;
  }
}

function quote(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&')}'`;
}
