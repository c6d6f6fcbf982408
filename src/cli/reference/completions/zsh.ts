import {
  type CommandEntry,
  namesOf,
  type OptionEntry,
  type ValueEntry,
  type WordEntry,
} from '../command-table.ts';

/** What zsh completes `zodbvault` with, by its own `_arguments`. */
export function formatZshCompletions(program: CommandEntry): string {
  const { name, commands } = program;
  const list = commands.map((command) =>
    quote(`${command.name}:${command.description.replaceAll(':', '\\:')}`),
  );
  const cases = commands.map(
    (command) => `    (${command.name})
      _arguments -s ${specsOf(command).join(' \\\n        ')} ;;`,
  );
  return `#compdef ${name}
# zsh completions of ${name}: put this file as _${name} into a folder of $fpath, or source it
# behind compinit.
_${name}() {
  local curcontext="$curcontext" state line
  _arguments -C ${program.options.map(specOfOption).join(' ')} '1: :->command' '*:: :->rest' && return
  case $state in
    (command)
      local -a commands=(
        ${list.join('\n        ')}
      )
      _describe command commands
      return ;;
  esac
  case $line[1] in
${cases.join('\n')}
  esac
}
if [ "$funcstack[1]" = "_${name}" ]; then
  _${name} "$@"
else
  compdef _${name} ${name}
fi
`;
}

function specsOf({ options, words }: CommandEntry): readonly string[] {
  return [...options.map(specOfOption), ...words.map(specOfWord)];
}

function specOfOption(option: OptionEntry): string {
  const { description, value } = option;
  const names = namesOf(option);
  const others = names.length > 1 ? quote(`(${names.join(' ')})`) : '';
  const text = `[${description.replaceAll(/[[\]\\]/g, '\\$&')}]`;
  // A value that may be missing is one only behind "=".
  const withValue = (flag: string) => {
    if (value === undefined) return flag;
    if (!flag.startsWith('--')) return `${flag}+`;
    return value.isRequired ? `${flag}=` : `${flag}=-`;
  };
  const flags = names.map(withValue);
  const [first = ''] = flags;
  const all = flags.length > 1 ? `{${flags.join(',')}}` : first;
  const action = value === undefined ? '' : `${value.isRequired ? ':' : '::'}${actionOf(value)}`;
  return `${others}${all}${quote(text + action)}`;
}

function specOfWord({ value, isVariadic }: WordEntry): string {
  const place = isVariadic ? '*:' : value.isRequired ? ':' : '::';
  return quote(`${place}${actionOf(value)}`);
}

function actionOf({ name, of }: ValueEntry): string {
  switch (of.kind) {
    case 'choices':
      return `${name}:(${of.choices.join(' ')})`;
    case 'file':
      return `${name}:_files`;
    case 'folder':
      return `${name}:_files -/`;
    case 'anything':
      return `${name}: `;
    default:
      return of satisfies never;
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
