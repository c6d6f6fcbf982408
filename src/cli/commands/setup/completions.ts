import { Argument, type Command } from '@commander-js/extra-typings';
import { type CommandEntry, describeCommand } from '../../reference/command-table.ts';
import { formatBashCompletions } from '../../reference/completions/bash.ts';
import { formatFishCompletions } from '../../reference/completions/fish.ts';
import { formatZshCompletions } from '../../reference/completions/zsh.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

const FORMATS: Readonly<Record<Shell, (program: CommandEntry) => string>> = {
  bash: formatBashCompletions,
  zsh: formatZshCompletions,
  fish: formatFishCompletions,
};

export function addCompletionsCommand(program: Command): void {
  program
    .command('completions')
    .addArgument(new Argument('<shell>', 'whose').choices(SHELLS))
    .action((shell) => {
      process.stdout.write(FORMATS[shell](describeCommand(program)));
    });
}
