import type { Command } from '@commander-js/extra-typings';
import { verify } from '../../jobs/verify.ts';
import { findRepository } from '../../sites/plain-site.ts';
import { OPTION } from '../options.ts';
import { renderEvents } from '../render/events.ts';
import { count } from '../render/units.ts';
import { runCommand } from '../run.ts';

export function addVerifyCommand(program: Command): void {
  program
    .command('verify')
    .description('check that every backup is what was written')
    .addOption(OPTION.dataFs)
    .addOption(OPTION.location)
    .option('--quick', 'only that the files are there and have their sizes', false)
    .option('--no-quick', 'every byte against its checksums (default)')
    .option('--newest', 'only the newest full backup and its increments')
    .addOption(OPTION.json)
    .addOption(OPTION.quiet)
    .addOption(OPTION.verbose)
    .action((options) =>
      runCommand(options, async ({ terminal, signal }) => {
        const repository = findRepository(process.cwd(), {
          dataFs: options.datafs,
          repository: options.location,
        });
        const findings = await verify(
          {
            repository,
            depth: options.quick ? 'quick' : 'thorough',
            chains: options.newest ? 'newest' : 'all',
          },
          { onEvent: renderEvents(terminal), signal },
        );
        for (const finding of findings) {
          terminal.printJson(finding);
          if (finding.kind === 'good') terminal.debug(`good: ${finding.name} (${finding.checked})`);
          else if (!terminal.isJson) terminal.warn(`${finding.name}: ${finding.problem}`);
        }
        const bad = findings.filter(({ kind }) => kind === 'bad').length;
        const good = findings.length - bad;
        terminal.log(
          `Verified ${repository}: ${count(good, 'backup')} good, ${count(bad, 'problem')}`,
        );
        return bad === 0 ? 0 : 1;
      }),
    );
}
