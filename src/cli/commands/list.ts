import type { Command } from '@commander-js/extra-typings';
import { type ListedPoint, listRestorePoints } from '../../jobs/list.ts';
import { findRepository } from '../../sites/plain-site.ts';
import { OPTION } from '../options.ts';
import { bareTable } from '../render/table.ts';
import { formatBytes, formatLocalTime } from '../render/units.ts';
import { runCommand } from '../run.ts';

export function addListCommand(program: Command): void {
  program
    .command('list')
    .description('show what can be restored')
    .addOption(OPTION.dataFs)
    .addOption(OPTION.location)
    .addOption(OPTION.json)
    .addOption(OPTION.quiet)
    .addOption(OPTION.verbose)
    .action((options) =>
      runCommand(options, async ({ terminal }) => {
        const repository = findRepository(process.cwd(), {
          dataFs: options.datafs,
          repository: options.location,
        });
        const points = await listRestorePoints(repository);
        for (const point of points) terminal.printJson(asJson(point));
        if (points.length === 0) terminal.log(`No backups in ${repository}`);
        else terminal.print(tableOf(points));
        for (const { fileName, problems } of points) {
          for (const problem of problems) terminal.warn(`${fileName}: ${problem}`);
        }
        return undefined;
      }),
    );
}

function tableOf(points: readonly ListedPoint[]): string {
  const table = bareTable({
    head: ['Date (UTC)', 'Local time', 'Kind', 'Size', 'Stored', 'Ratio', 'Trans.', 'Last tid'],
    alignment: ['left', 'left', 'left', 'right', 'right', 'right', 'right', 'left'],
  });
  for (const point of points) {
    table.push([
      point.stamp,
      point.moment === undefined ? '?' : formatLocalTime(point.moment),
      point.kind,
      point.sizeBytes === undefined ? '?' : formatBytes(point.sizeBytes),
      formatBytes(point.storedBytes),
      formatRatio(point),
      point.transactionCount ?? '?',
      point.lastTid ?? '?',
    ]);
  }
  return table.toString();
}

/** Bytes stored for each byte of the Data.fs. */
function formatRatio({ sizeBytes, storedBytes }: ListedPoint): string {
  if (sizeBytes === undefined || sizeBytes === 0) return '–';
  return (storedBytes / sizeBytes).toFixed(2);
}

function asJson(point: ListedPoint): object {
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
  };
}
