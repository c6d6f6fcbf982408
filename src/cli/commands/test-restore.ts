import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { type Command, Option } from '@commander-js/extra-typings';
import type { Site } from '../../config/model/site.ts';
import {
  problemsOf,
  type TestedStorage,
  testRestore,
} from '../../operations/restore/test-restore.ts';
import type { LiveComparison } from '../../operations/verify/compare-with-live.ts';
import { type Damage, damageIn, describeRemedy } from '../format/damage-remedy.ts';
import { nameOfState } from '../format/moment-words.ts';
import { count, formatSeconds } from '../format/units.ts';
import { withOutputOptions } from '../options/common-options.ts';
import { inEachSite } from '../options/for-each-site.ts';
import { IDENTITY_OPTION } from '../options/identity-files.ts';
import { nameOfOneStorage, nameOfStorage } from '../options/selected-repositories.ts';
import {
  CHAIN_OPTION,
  EXACT_OPTION,
  MOMENT_ARGUMENT,
  readTarget,
} from '../options/written-date.ts';
import { shownOn } from '../render/events.ts';
import { deepPointAsJson } from '../render/json/findings.ts';
import { liveAsJson, type TestRestoreResult } from '../render/json/results/test-restore.ts';
import { renderWarning } from '../render/warnings/sentence.ts';
import { FROM_OPTION } from '../select/copied-sites.ts';
import { findEachSite, SOURCE_KIND_OPTION, withSiteOptions } from '../select/site-options.ts';
import { runCommand } from '../terminal/run-command.ts';
import type { Terminal } from '../terminal/terminal.ts';

export function addTestRestoreCommand(program: Command): void {
  const command = withSiteOptions(program.command('test-restore'))
    .addOption(FROM_OPTION)
    .addOption(IDENTITY_OPTION)
    .argument('[moment]', MOMENT_ARGUMENT)
    .addOption(CHAIN_OPTION)
    .addOption(EXACT_OPTION)
    .addOption(SOURCE_KIND_OPTION)
    .addOption(
      new Option(
        '--in <folder>',
        'a folder with enough space for the site; zodbvault creates it if it does not exist, and deletes everything that it made there',
      ).default(tmpdir(), 'the system’s for temporary files'),
    )
    .option(
      '--against-live',
      'compare what comes out with the live Data.fs, byte by byte, if that goes on from there',
    );
  withOutputOptions(command).action((written, options) =>
    runCommand({ ...options, command }, async (context) => {
      const { terminal, signal, backups } = context;
      const result = terminal.document.result<TestRestoreResult>({ problems: 0, restores: [] });
      const wanted = readTarget(written, { terminal, chain: options.chain, exact: options.exact });
      const selected = await findEachSite(options, { terminal, purpose: 'look', backups });
      const { sites } = selected;
      const damage: Damage[] = [];
      const testOne = async (site: Site) => {
        const { restoreSeconds, verifySeconds, storages } = await testRestore(
          {
            site,
            kind: options.kind,
            wanted,
            folder: resolve(options.in),
            isComparedWithLive: options.againstLive === true,
            now: () => new Date(),
          },
          { ...shownOn(terminal), signal, backups },
        );
        const problems = problemsOf(storages);
        for (const one of storages) {
          report(one, { site, sites, terminal });
          damage.push(...damageIn(one.point));
        }
        const points = storages.map(({ storage, point }) => ({ storage, point }));
        result.problems += problems;
        const labels = { site: site.part, kind: options.kind };
        result.restores.push({
          ...labels,
          ...{ restoreSeconds, verifySeconds },
          points: storages.map(({ storage, point, live }) => ({
            ...labels,
            storage,
            ...deepPointAsJson(point),
            ...liveAsJson(live),
          })),
        });
        const which = points
          .map(
            ({ storage, point }) =>
              `${nameOfStorage(storage, { site, sites })} as of ${nameOfState(point)}`,
          )
          .join(', ');
        terminal.log(
          `A restore of ${which === '' ? `the blobs${sites.length > 1 ? ` of ${site.part}` : ''}` : which} takes ${formatSeconds(restoreSeconds)}; verifying it took ${formatSeconds(verifySeconds)}: ${count(problems, 'problem')}`,
        );
        return problems > 0 ? 1 : 0;
      };
      const work = { context, work: testOne, absence: 'error' } as const;
      const status = await inEachSite(selected, work);
      if (damage.length > 0) terminal.hint(describeRemedy(damage, options.from));
      return status;
    }),
  );
}

function report(
  { storage, point, live }: TestedStorage,
  {
    terminal,
    ...among
  }: { readonly terminal: Terminal; readonly site: Site; readonly sites: readonly Site[] },
): void {
  const name = nameOfOneStorage(storage, among);
  for (const finding of point.findings) {
    if (finding.kind !== 'bad' || terminal.isJson) continue;
    const found = { storage: name, stamp: point.stamp, finding };
    renderWarning({ kind: 'warning', code: 'bad-restore-point', ...found }, terminal);
  }
  const of = name === undefined ? 'The live Data.fs' : `The live Data.fs of ${name}`;
  if (live !== undefined) terminal.log(`${of} ${describeLive(live)}`);
}

function describeLive(live: LiveComparison): string {
  switch (live.kind) {
    case 'same':
      return 'begins with the very same bytes';
    case 'differs':
      return `goes on from there, but has another byte at ${live.position}`;
    case 'other':
      return 'does not go on from there: it was packed since, or something else was restored';
    default:
      return live satisfies never;
  }
}
