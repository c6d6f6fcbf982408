import { type CommandEntry, namesOf, type ValueEntry } from '../command-table.ts';

/** What bash completes `zodbvault` with. It needs nothing but bash 4. */
export function formatBashCompletions(program: CommandEntry): string {
  const { name } = program;
  const values = program.commands.flatMap((command) =>
    command.options.flatMap((option) => {
      if (option.value === undefined) return [];
      const patterns = namesOf(option).map((flag) => `'${command.name} ${flag}'`);
      return [`    ${patterns.join(' | ')}) ${offer(option.value.of)} return ;;`];
    }),
  );
  const flags = [program, ...program.commands].map((command) => {
    const key = command === program ? '' : command.name;
    return `      '${key}') ${offerWords(command.options.flatMap(namesOf))} ;;`;
  });
  const words = program.commands.flatMap(({ name: command, words: [word] }) =>
    word === undefined ? [] : [`    '${command}') ${offer(word.value.of)} ;;`],
  );
  return `# bash completions of ${name}: source this file, or put it into
# ~/.local/share/bash-completion/completions/${name}
_${name}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} command= word
  COMPREPLY=()
  # bash makes three words of --option=value.
  if [[ $cur == = ]]; then
    cur=
  elif [[ $prev == = ]]; then
    prev=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD - 1}"; do
    [[ $word == -* ]] && continue
    command=$word
    break
  done
  case "$command $prev" in
${values.join('\n')}
  esac
  if [[ $cur == -* ]]; then
    case $command in
${flags.join('\n')}
    esac
    return
  fi
  case $command in
    '') ${offerWords(program.commands.map((command) => command.name))} ;;
${words.join('\n')}
  esac
}
complete -F _${name} ${name}
`;
}

function offer(of: ValueEntry['of']): string {
  switch (of.kind) {
    case 'choices':
      return offerWords(of.choices);
    case 'file':
      return 'compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur");';
    case 'folder':
      return 'compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$cur");';
    case 'anything':
      return '';
    default:
      return of satisfies never;
  }
}

/** Their letters are no special ones for a shell. */
function offerWords(words: readonly string[]): string {
  return `mapfile -t COMPREPLY < <(compgen -W '${words.join(' ')}' -- "$cur");`;
}
