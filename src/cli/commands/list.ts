import type { Command } from '@commander-js/extra-typings';
import { type ListedSitePoint, listSite } from '../../jobs/list-site.ts';
import { momentOfStamp } from '../../repository/stamp.ts';
import type { Site } from '../../sites/site.ts';
import { inEachSite } from '../each-site.ts';
import { worstStatus } from '../exit-status.ts';
import { withOutputOptions } from '../options.ts';
import { formatRestorePoints, type PlacedPoint } from '../render/restore-points.ts';
import { runCommand } from '../run.ts';
import { ANY_KIND_OPTION, findEachSite, withSiteOptions } from '../sites.ts';

export function addListCommand(program: Command): void {
  const command = withSiteOptions(program.command('list'))
    .description('show what can be restored')
    .addOption(ANY_KIND_OPTION);
  withOutputOptions(command).action((options) =>
    runCommand(options, async (context) => {
      const { terminal, signal } = context;
      const meant = await findEachSite(options, { terminal, purpose: 'look' });
      const { sites } = meant;
      const all: PlacedPoint[] = [];
      const problems: string[] = [];
      const listOne = async (site: Site) => {
        const { part } = site;
        const places = await listSite(site, options.kind);
        if (places.length === 0)
          terminal.log(`${part} has no backups of the kind "${options.kind}"`);
        for (const { place, points, remains } of places) {
          const { storage, of, path } = place;
          problems.push(...remains);
          if (points.length === 0) terminal.log(`No backups in ${path}`);
          else terminal.debug(`Backups of ${storage}, ${of}, are in ${path}`);
          for (const point of points) {
            terminal.printJson({ part, storage, of, ...asJson(point) });
            all.push({ part, storage, of, point });
          }
        }
        return undefined;
      };
      const status = await inEachSite(meant, { context, work: listOne, absence: 'warning' });
      if (all.length > 0 && !terminal.isJson) {
        const table = await formatRestorePoints(all, { sites: sites.length, signal });
        terminal.print(table, { bad: ['BAD'] });
      }
      for (const problem of [...problems, ...problemsOf(all)]) terminal.warn(problem);
      return worstStatus([status, terminal.statusOfSuccess()]);
    }),
  );
}

function problemsOf(points: readonly PlacedPoint[]): readonly string[] {
  return points.flatMap(({ point: one }) =>
    one.kind === 'filestorage'
      ? one.point.problems.map((problem) => `${one.point.fileName}: ${problem}`)
      : (one.problem ?? []),
  );
}

function asJson(one: ListedSitePoint): object {
  if (one.kind === 'blobs') {
    const { stamp, form, name } = one.entry;
    return {
      stamp,
      time: momentOfStamp(stamp)?.toISOString(),
      kind: form,
      name,
      ...one.content,
      ...(one.problem === undefined ? {} : { problem: one.problem }),
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
