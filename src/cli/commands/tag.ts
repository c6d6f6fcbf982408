import type { Command } from '@commander-js/extra-typings';
import type { Site } from '../../config/model/site.ts';
import { changeTags, requireTagName } from '../../operations/retention/tag-points.ts';
import type { Stamp } from '../../repository/layout/stamp.ts';
import { Failure } from '../../system/failure.ts';
import { OPTION, secondsToWait, withOutputOptions } from '../options/common-options.ts';
import { inEachSite } from '../options/for-each-site.ts';
import { nameOfStorage } from '../options/selected-repositories.ts';
import { readStamp } from '../options/written-date.ts';
import { shownOn } from '../render/events.ts';
import { pointAsJson } from '../render/json/point.ts';
import type { TagResult } from '../render/json/results/tag.ts';
import { findEachSite, SOURCE_KIND_OPTION, withSiteOptions } from '../select/site-options.ts';
import { runCommand } from '../terminal/run-command.ts';
import type { Terminal } from '../terminal/terminal.ts';

export function addTagCommand(program: Command): void {
  const command = withSiteOptions(program.command('tag'))
    .argument('<name>', 'the tag, as in before-upgrade')
    .argument(
      '[backup]',
      'the restore point, by its whole date or its whole local time, as "list" shows them (default: the newest); of several storages, what a restore to that date takes',
    )
    .option(
      '--remove',
      'remove the tag from that restore point, or from all; from then on, the rules decide about it',
    )
    .addOption(SOURCE_KIND_OPTION)
    .addOption(OPTION.wait);
  withOutputOptions(command).action((written, backup, options) =>
    runCommand({ ...options, command }, async (context) => {
      const { terminal, signal, backups } = context;
      const result = terminal.document.result<TagResult>({ changed: [] });
      const name = requireTagName(written);
      const stamp = backup === undefined ? undefined : requireStamp(backup, terminal);
      const action = options.remove ? 'take' : 'give';
      const selected = await findEachSite(options, { terminal, purpose: 'look', backups });
      const { sites } = selected;
      const { kind } = options;
      const waitSeconds = secondsToWait(options.wait);
      const job = { ...shownOn(terminal), signal, backups, waitSeconds };
      const work = async (site: Site) => {
        const change = { action, name, kind, stamp, now: () => new Date() } as const;
        const changed = await changeTags(site, change, job);
        if (changed.length === 0)
          terminal.log(`Nothing has changed: it has the tag "${name}" already`);
        for (const one of changed) {
          const of = nameOfStorage(one.storage, { site, sites });
          terminal.print(
            action === 'give'
              ? `${of}: ${one.stamp} has the tag "${name}", and stays until you remove it`
              : `${of}: ${one.stamp} does not have the tag "${name}" any more`,
          );
          const labels = { site: site.part, storage: one.storage, kind };
          result.changed.push({ ...labels, ...pointAsJson(one.stamp), tag: name });
        }
        return undefined;
      };
      return await inEachSite(selected, { context, work, absence: 'error' });
    }),
  );
}

function requireStamp(written: string, terminal: Pick<Terminal, 'log'>): Stamp {
  const stamp = readStamp(written, terminal);
  if (stamp !== undefined) return stamp;
  throw new Failure(
    'usage',
    `Cannot use "${written}": it is not the whole date of a restore point`,
    {
      hint: { kind: 'name-restore-point' },
    },
  );
}
