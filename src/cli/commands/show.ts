import type { Command } from '@commander-js/extra-typings';
import type { BelongingBlobs } from '../../blobs/ownership/blobs-of-points.ts';
import { type PointContents, readPointContents } from '../../operations/inspect/show.ts';
import { blobsOfPoint, listPlace } from '../../operations/list/list-site.ts';
import { nameOfState } from '../format/moment-words.ts';
import { oneLine } from '../format/one-line.ts';
import { formatTable } from '../format/table.ts';
import { count, formatBytes, formatUtcMoment } from '../format/units.ts';
import { withOutputOptions } from '../options/common-options.ts';
import { LIVE_OPTION, liveWithoutPath, splitMomentAndPath } from '../options/content-options.ts';
import { IDENTITY_OPTION } from '../options/identity-files.ts';
import {
  findRepositories,
  inEachRepository,
  STORAGE_OPTION,
} from '../options/selected-repositories.ts';
import { CHAIN_OPTION, MOMENT_ARGUMENT, readTarget } from '../options/written-date.ts';
import { shownOn } from '../render/events.ts';
import { contentsAsJson, type ShowResult } from '../render/json/results/show.ts';
import { describeGone } from '../render/judgements.ts';
import { FROM_OPTION } from '../select/copied-sites.ts';
import { SOURCE_KIND_OPTION, withSiteOptions } from '../select/site-options.ts';
import { runCommand } from '../terminal/run-command.ts';
import { showObject } from './content/show-object.ts';

export function addShowCommand(program: Command): void {
  const command = withSiteOptions(program.command('show'))
    .addOption(FROM_OPTION)
    .addOption(IDENTITY_OPTION)
    .argument('[moment]', MOMENT_ARGUMENT)
    .argument('[path]', 'an object in the database, as in /Plone/news')
    .addOption(LIVE_OPTION)
    .addOption(CHAIN_OPTION)
    .addOption(SOURCE_KIND_OPTION)
    .addOption(STORAGE_OPTION);
  withOutputOptions(command).action((first, second, options) =>
    runCommand({ ...options, command }, async (running) => {
      const { moment: written, path } = splitMomentAndPath(first, second);
      if (path !== undefined) return showObject(options, { moment: written, path, running });
      if (options.live) throw liveWithoutPath('show');
      const { terminal, signal, backups } = running;
      const result = terminal.document.result<ShowResult>({ points: [] });
      const target = readTarget(written, { terminal, chain: options.chain });
      const context = { ...shownOn(terminal), signal, backups };
      const selected = await findRepositories(options, running);
      return await inEachRepository(selected, {
        context: running,
        work: async ({ site, place, repository, name }) => {
          const contents = await readPointContents(repository, { target, context });
          const blobs = blobsOfPoint(await listPlace(place, { site, backups }), contents.stamp);
          const { storage } = place;
          const labels = { site: site.part, storage, kind: place.kind };
          result.points.push({ ...labels, ...contentsAsJson(contents, blobs) });
          if (terminal.isJson) return;
          terminal.print(`${name}, ${await textOf(contents, { blobs, signal })}`);
        },
      });
    }),
  );
}

function describeBlobs(blobs: BelongingBlobs): string {
  switch (blobs.kind) {
    case 'none':
      return 'No blobs';
    case 'missing':
      return `Its blobs are missing: ${describeGone(blobs.why)}`;
    case 'found': {
      const { name, content } = blobs;
      if (content === undefined) return `Blobs in ${name}; their number is unknown`;
      return `Blobs in ${name}: ${count(content.files, 'blob')}, ${formatBytes(content.bytes)}`;
    }
    default:
      return blobs satisfies never;
  }
}

async function textOf(
  contents: PointContents,
  { blobs, signal }: { readonly blobs: BelongingBlobs; readonly signal: AbortSignal },
): Promise<string> {
  const { dataFsBytes, transactions, records, firstTime, lastTime } = contents;
  const all = { name: 'all', objects: contents.objects, bytes: contents.objectBytes };
  const rows = [...contents.classes, all].map(({ name, objects, bytes }) => [
    oneLine(name),
    String(objects),
    formatBytes(bytes),
  ]);
  const head = ['Class', 'Objects', 'Size'];
  const alignment = ['left', 'right', 'right'] as const;
  return [
    `${nameOfState(contents)} (UTC): ${formatBytes(dataFsBytes)}, ${count(transactions, 'transaction')}, ${count(records, 'record')}`,
    `Transactions from ${utc(firstTime)} to ${utc(lastTime)}`,
    describeBlobs(blobs),
    await formatTable({ head, alignment, rows }, signal),
  ].join('\n');
}

function utc(time: string | undefined): string {
  return time === undefined ? '–' : formatUtcMoment(time);
}
