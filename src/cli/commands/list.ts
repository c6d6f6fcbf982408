import type { Command } from '@commander-js/extra-typings';
import type { BelongingBlobs } from '../../blobs/ownership/blobs-of-points.ts';
import type { Site } from '../../config/model/site.ts';
import { type ListedSitePoint, listSite } from '../../operations/list/list-site.ts';
import { momentOfStamp } from '../../repository/layout/stamp.ts';
import { findSiteFault } from '../../repository/site-faults.ts';
import { eachInTurn } from '../../system/streams/cooperative.ts';
import { printTable } from '../format/table.ts';
import { count } from '../format/units.ts';
import { withOutputOptions } from '../options/common-options.ts';
import { inEachSite } from '../options/for-each-site.ts';
import { describeSiteFault, judgementAsJson, looksAsJson } from '../render/judgements.ts';
import { type PlacedPoint, tableOfRestorePoints } from '../render/restore-points.ts';
import { sentenceOf } from '../render/warnings/sentence.ts';
import { ANY_KIND_OPTION, findEachSite, withSiteOptions } from '../select/site-options.ts';
import { worstStatus } from '../terminal/exit-status.ts';
import { runCommand } from '../terminal/run-command.ts';
import type { Terminal } from '../terminal/terminal.ts';

export function addListCommand(program: Command): void {
  const command = withSiteOptions(program.command('list'))
    .description('show what can be restored')
    .addOption(ANY_KIND_OPTION);
  withOutputOptions(command).action((options) =>
    runCommand(options, async (context) => {
      const { terminal, signal, backups } = context;
      const meant = await findEachSite(options, { terminal, purpose: 'look' });
      const { sites } = meant;
      const all: PlacedPoint[] = [];
      const problems: string[] = [];
      const listOne = async (site: Site) => {
        const { part } = site;
        const places = await listSite(site, { of: options.kind, backups });
        if (places.length === 0)
          terminal.log(`${part} has no backups of the kind "${options.kind}"`);
        for (const { place, points, hidden, remains, unreadChecks } of places) {
          const { storage, of, path } = place;
          sayOfPoints(points, terminal);
          problems.push(...remains);
          if (unreadChecks !== undefined)
            problems.push(
              sentenceOf({ kind: 'warning', code: 'unread-checks', fileName: unreadChecks }),
            );
          for (const one of describeOthers(points)) terminal.notice(one);
          for (const one of hidden) {
            const many = count(one.backups, 'backup');
            terminal.notice(`${many} of "${one.source}" in ${path}: another site's, not listed`);
          }
          if (points.length === 0) terminal.log(`No backups in ${path}`);
          else terminal.debug(`Backups of ${storage}, ${of}, are in ${path}`);
          for (const point of points) all.push({ part, storage, of, point });
          if (!terminal.isJson) continue;
          const print = (point: ListedSitePoint) =>
            terminal.printJson({ part, storage, of, ...asJson(point) });
          await eachInTurn(points, print, signal);
        }
        return undefined;
      };
      const status = await inEachSite(meant, { context, work: listOne, absence: 'warning' });
      if (all.length > 0 && !terminal.isJson) {
        const table = tableOfRestorePoints(all, { sites: sites.length });
        await printTable(table, { terminal, emphasis: { bad: ['BAD'] }, signal });
      }
      for (const problem of [...problems, ...problemsOf(all)]) terminal.warn(problem);
      return worstStatus([status, terminal.statusOfSuccess()]);
    }),
  );
}

/** What the table has no room for: it needs nobody's care now. */
function sayOfPoints(points: readonly ListedSitePoint[], terminal: Terminal): void {
  const judgements = points.flatMap((one) => (one.kind === 'filestorage' ? [one.judgement] : []));
  const fault = findSiteFault(judgements);
  if (fault !== undefined) terminal.notice(describeSiteFault(fault));
  for (const { stamp } of judgements.filter(({ run }) => run === 'incomplete')) {
    terminal.notice(
      `${stamp} is incomplete: the run that made it has not finished the blobs that belong to it. "keep" doesn't count it. The next complete backup of the same Data.fs removes it, unless that one may lack something, its blobs are there all the same, or something builds on it. "zodbvault verify --deep ${stamp}" shows whether they are all there: then it counts`,
    );
  }
}

const OTHERS = {
  copy: 'another copy of the database',
  database: 'another database: give each database a folder of its own',
  'place-before': 'where the database was before',
} as const;

/** So many restore points are named, the newest. */
const NAMED = 3;

/** One line for each other Data.fs. */
function describeOthers(points: readonly ListedSitePoint[]): readonly string[] {
  const stampsOf = new Map<string, string[]>();
  for (const one of points) {
    if (one.kind === 'blobs' || one.madeOf === undefined) continue;
    const { path, is } = one.madeOf;
    const other = `made of "${path}", which is ${OTHERS[is]}`;
    stampsOf.set(other, [...(stampsOf.get(other) ?? []), one.point.stamp]);
  }
  return [...stampsOf].map(([other, stamps]) => {
    const more = stamps.length > NAMED ? ` and ${stamps.length - NAMED} more` : '';
    return `${stamps.slice(-NAMED).join(', ')}${more}: ${other}`;
  });
}

function problemsOf(points: readonly PlacedPoint[]): readonly string[] {
  return points.flatMap(({ point: one }) =>
    one.kind === 'filestorage'
      ? one.point.problems.map((problem) => `${one.point.fileName}: ${problem}`)
      : (one.problem ?? []),
  );
}

/** When they were made, and whether they were those of the moment, is said elsewhere. */
function blobsAsJson(blobs: Exclude<BelongingBlobs, { kind: 'none' }>): object {
  if (blobs.kind === 'missing') return { kind: blobs.kind, reason: blobs.reason };
  const { kind, name, match, content } = blobs;
  return { kind, name, match, content };
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
    checks: looksAsJson(point.checks),
    judgement: judgementAsJson(one.judgement),
    ...(one.madeOf === undefined ? {} : { madeOf: one.madeOf }),
    ...(blobs.kind === 'none' ? {} : { blobs: blobsAsJson(blobs) }),
  };
}
