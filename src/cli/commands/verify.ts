import type { Command } from '@commander-js/extra-typings';
import { type VerifiedPlace, verifySite } from '../../jobs/verify-site.ts';
import { OPTION } from '../options.ts';
import { renderEvents } from '../render/events.ts';
import { count } from '../render/units.ts';
import { runCommand } from '../run.ts';
import { ANY_KIND_OPTION, findSites, withSiteOptions } from '../sites.ts';
import type { Terminal } from '../terminal.ts';

export function addVerifyCommand(program: Command): void {
  withSiteOptions(program.command('verify'))
    .description('check that every backup is what was written')
    .addOption(ANY_KIND_OPTION)
    .option('--quick', 'only that the files are there and have their sizes', false)
    .option('--no-quick', 'every byte against its checksums (default)')
    .option('--newest', 'only the newest full backup and its increments')
    .addOption(OPTION.json)
    .addOption(OPTION.quiet)
    .addOption(OPTION.verbose)
    .action((options) =>
      runCommand(options, async ({ terminal, signal }) => {
        let isBad = false;
        for (const site of await findSites(options, { terminal, purpose: 'look' })) {
          const places = await verifySite(
            {
              site,
              of: options.kind,
              depth: options.quick ? 'quick' : 'thorough',
              chains: options.newest ? 'newest' : 'all',
            },
            { onEvent: renderEvents(terminal), signal },
          );
          for (const place of places) isBad = report(place, terminal) > 0 || isBad;
        }
        return isBad ? 1 : 0;
      }),
    );
}

/** Returns the number of problems. */
function report({ place, findings }: VerifiedPlace, terminal: Terminal): number {
  for (const finding of findings) {
    terminal.printJson({ storage: place.storage, of: place.of, ...finding });
    if (finding.kind === 'good') terminal.debug(`good: ${finding.name} (${finding.checked})`);
    else if (!terminal.isJson) terminal.warn(`${finding.name}: ${finding.problem}`);
  }
  const bad = findings.filter(({ kind }) => kind === 'bad').length;
  const good = findings.length - bad;
  terminal.log(`Verified ${place.path}: ${count(good, 'backup')} good, ${count(bad, 'problem')}`);
  return bad;
}
