import type { Command } from '@commander-js/extra-typings';
import type { ListedPoint } from '../../jobs/list.ts';
import {
  type BelongingBlobs,
  type ListedPlace,
  type ListedSitePoint,
  listSite,
} from '../../jobs/list-site.ts';
import { momentOfStamp } from '../../repository/stamp.ts';
import type { Site } from '../../sites/site.ts';
import { OPTION } from '../options.ts';
import { bareTable, formatTable } from '../render/table.ts';
import { formatBytes, formatLocalTime } from '../render/units.ts';
import { runCommand } from '../run.ts';
import { ANY_KIND_OPTION, findSites, withSiteOptions } from '../sites.ts';
import type { Terminal } from '../terminal.ts';

export function addListCommand(program: Command): void {
  withSiteOptions(program.command('list'))
    .description('show what can be restored')
    .addOption(ANY_KIND_OPTION)
    .addOption(OPTION.json)
    .addOption(OPTION.quiet)
    .addOption(OPTION.verbose)
    .action((options) =>
      runCommand(options, async ({ terminal }) => {
        const sites = await findSites(options, { terminal, purpose: 'look' });
        for (const site of sites) {
          const places = await listSite(site, options.kind);
          for (const listed of places)
            show(listed, { site, isAlone: sites.length + places.length === 2, terminal });
        }
        return undefined;
      }),
    );
}

function show(
  { place, points }: ListedPlace,
  words: { readonly site: Site; readonly isAlone: boolean; readonly terminal: Terminal },
): void {
  const { site, isAlone, terminal } = words;
  const { storage, of } = place;
  for (const point of points)
    terminal.printJson({ part: site.part, storage, of, ...asJson(point) });
  if (points.length === 0) {
    terminal.log(`No backups in ${place.path}`);
    return;
  }
  if (!isAlone) terminal.print(`${storage}, ${of}: ${place.path}`);
  terminal.print(tableOf(points, place.blobs === undefined ? 'without-blobs' : 'with-blobs'));
  if (!isAlone) terminal.print('');
  for (const one of points) {
    if (one.kind !== 'filestorage') continue;
    for (const problem of one.point.problems) terminal.warn(`${one.point.fileName}: ${problem}`);
  }
}

const HEAD = [
  'Date (UTC)',
  'Local time',
  'Kind',
  'Size',
  'Stored',
  'Ratio',
  'Trans.',
  'Last tid',
  'Checked',
] as const;
const RIGHT: readonly string[] = ['Size', 'Stored', 'Ratio', 'Trans.'];

function tableOf(
  points: readonly ListedSitePoint[],
  columns: 'without-blobs' | 'with-blobs',
): string {
  const head = columns === 'with-blobs' ? [...HEAD, 'Blobs'] : HEAD;
  const alignment = head.map((name) => (RIGHT.includes(name) ? 'right' : 'left'));
  const table = bareTable({ head, alignment });
  for (const point of points) table.push(rowOf(point).slice(0, head.length));
  return formatTable(table);
}

function rowOf(one: ListedSitePoint): string[] {
  switch (one.kind) {
    case 'filestorage': {
      const { point, blobs } = one;
      return [
        point.stamp,
        point.moment === undefined ? '?' : formatLocalTime(point.moment),
        point.kind,
        point.sizeBytes === undefined ? '?' : formatBytes(point.sizeBytes),
        formatBytes(point.storedBytes),
        formatRatio(point),
        String(point.transactionCount ?? '?'),
        point.lastTid ?? '?',
        describeCheck(point.checks.at(-1)),
        describeBlobs(blobs),
      ];
    }
    case 'blobs': {
      const { stamp, form, name } = one.entry;
      const moment = momentOfStamp(stamp);
      const local = moment === undefined ? '?' : formatLocalTime(moment);
      return [stamp, local, `blobs (${form})`, '', '', '', '', '', '', name];
    }
    default:
      return one satisfies never;
  }
}

/** The last check, as in `deep 2026-03-01`. */
function describeCheck(check: ListedPoint['checks'][number] | undefined): string {
  if (check === undefined) return '–';
  const { kind, outcome, at } = check;
  return `${outcome === 'bad' ? 'BAD: ' : ''}${kind} ${at.slice(0, 10)}`;
}

function describeBlobs(blobs: BelongingBlobs): string {
  switch (blobs.kind) {
    case 'none':
      return '';
    case 'missing':
      return 'missing';
    case 'found':
      return blobs.match === 'earlier' ? `${blobs.name} (earlier)` : blobs.name;
    default:
      return blobs satisfies never;
  }
}

/** Bytes stored for each byte of the Data.fs. */
function formatRatio({ sizeBytes, storedBytes }: ListedPoint): string {
  if (sizeBytes === undefined || sizeBytes === 0) return '–';
  return (storedBytes / sizeBytes).toFixed(2);
}

function asJson(one: ListedSitePoint): object {
  if (one.kind === 'blobs') {
    const { stamp, form, name, record } = one.entry;
    return {
      stamp,
      time: momentOfStamp(stamp)?.toISOString(),
      kind: form,
      name,
      ...record?.content,
    };
  }
  const { point, blobs } = one;
  const { stamp, moment, kind, fileName, sizeBytes, storedBytes, dataFsBytes } = point;
  return {
    stamp,
    time: moment?.toISOString(),
    kind,
    fileName,
    sizeBytes,
    storedBytes,
    dataFsBytes,
    transactions: point.transactionCount,
    lastTid: point.lastTid,
    problems: point.problems,
    checks: point.checks.map(({ kind, outcome, at, seconds }) => ({ kind, outcome, at, seconds })),
    ...(blobs.kind === 'none' ? {} : { blobs }),
  };
}
