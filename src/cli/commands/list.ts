import type { Command } from '@commander-js/extra-typings';
import type { Site } from '../../config/model/site.ts';
import {
  type RememberedCopy,
  rememberedCopies,
} from '../../operations/copies/remembered-copies.ts';
import { type ListedSitePoint, listSite } from '../../operations/list/list-site.ts';
import type { OtherDataFs } from '../../repository/lineage/points-of-copies.ts';
import { findSiteFault } from '../../repository/site-faults.ts';
import { Failure } from '../../system/failure.ts';
import { eachInTurn } from '../../system/streams/cooperative.ts';
import { printTable } from '../format/table.ts';
import { withOutputOptions } from '../options/common-options.ts';
import { inEachSite } from '../options/for-each-site.ts';
import { IDENTITY_OPTION } from '../options/identity-files.ts';
import { nameOfOneStorage } from '../options/selected-repositories.ts';
import { describeCopy } from '../render/copies.ts';
import { copyAsJson, type ListResult, listedAsJson } from '../render/json/results/list.ts';
import {
  describeNamedProblem,
  describeProblem,
  describeProblemOfPoint,
} from '../render/problems.ts';
import {
  describeTotals,
  type PlacedPoint,
  tableOfRestorePoints,
} from '../render/restore-points.ts';
import { renderWarning } from '../render/warnings/sentence.ts';
import type { AnyWarning } from '../render/warnings/warning-text.ts';
import { FROM_OPTION, VERSIONS_OPTION } from '../select/copied-sites.ts';
import {
  ALL_OF_COPY,
  ANY_KIND_OPTION,
  findEachSite,
  withSiteOptions,
} from '../select/site-options.ts';
import { worstStatus } from '../terminal/exit-status.ts';
import { runCommand } from '../terminal/run-command.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { listCopiedSites } from './copied/list-sites.ts';

export function addListCommand(program: Command): void {
  const command = withSiteOptions(program.command('list'))

    .addOption(FROM_OPTION)
    .addOption(VERSIONS_OPTION)
    .addOption(IDENTITY_OPTION)
    .option('--sites', 'with --from: list the sites that the place has copies of')

    .addOption(ANY_KIND_OPTION);
  withOutputOptions(command).action((options) =>
    runCommand({ ...options, command }, async (context) => {
      const { terminal, signal, backups } = context;
      if (options.sites) {
        const { from } = options;
        if (from === undefined) throw sitesOfNothing();
        return await listCopiedSites({ ...options, from }, context);
      }
      const result = terminal.document.result<ListResult>({ points: [], copies: [] });
      const wanted = { ...ALL_OF_COPY, isOverview: true } as const;
      const finding = { terminal, purpose: 'look', backups, wanted } as const;
      const selected = await findEachSite(options, finding);
      const { sites } = selected;
      const all: PlacedPoint[] = [];
      const problems: AnyWarning[] = [];
      const copies: RememberedCopy[] = [];
      const listOne = async (site: Site) => {
        const { part } = site;
        const places = await listSite(site, { kind: options.kind, backups });
        if (places.length === 0)
          terminal.log(`${part} has no backups of the kind "${options.kind}"`);
        for (const { place, points, hidden, remains, unreadChecks } of places) {
          const { storage, kind, path } = place;
          sayOfPoints(points, { of: nameOfOneStorage(storage, { site, sites }), terminal });
          problems.push(...remains.map(describeNamedProblem).map(asProblem));
          if (unreadChecks !== undefined)
            problems.push({ kind: 'warning', code: 'unread-checks', fileName: unreadChecks });
          for (const one of pointsOfOthers(points)) renderWarning(one, terminal);
          for (const one of hidden) {
            const other = { ...one, folder: path };
            renderWarning({ kind: 'notice', code: 'backups-of-other-site', ...other }, terminal);
          }
          if (points.length === 0) terminal.log(`No backups in ${path}`);
          else terminal.debug(`Backups of ${storage}, ${kind}, are in ${path}`);
          for (const point of points) all.push({ part, storage, kind, point });
          if (!terminal.isJson) continue;
          const labels = { site: part, storage, kind };
          const add = (point: ListedSitePoint) =>
            void result.points.push({ ...labels, ...listedAsJson(point) });
          await eachInTurn(points, add, signal);
        }
        for (const one of await rememberedCopies(site, backups)) {
          copies.push(one);
          result.copies?.push({ site: part, ...copyAsJson(one) });
        }
        return undefined;
      };
      const status = await inEachSite(selected, { context, work: listOne, absence: 'warning' });
      if (all.length > 0 && !terminal.isJson) {
        const table = tableOfRestorePoints(all, { sites: sites.length });
        await printTable(table, { terminal, emphasis: { bad: ['BAD'] }, signal });
        terminal.log(describeTotals(all));
      }
      for (const one of copies) terminal.log(describeCopy(one));
      for (const one of [...problems, ...problemsOf(all).map(asProblem)]) {
        renderWarning(one, terminal);
      }
      return worstStatus([status, terminal.statusOfSuccess()]);
    }),
  );
}

function sitesOfNothing(): Failure {
  return new Failure('usage', 'Cannot list the sites of a copy: no copy is named', {
    hint: 'Name the place of the copies with --from.',
  });
}

/** What the table has no room for: it needs nobody's care now. */
function sayOfPoints(
  points: readonly ListedSitePoint[],
  {
    of: storage,
    terminal,
  }: {
    /** The storage, where there are several. */
    readonly of: string | undefined;
    readonly terminal: Terminal;
  },
): void {
  const judgements = points.flatMap((one) => (one.kind === 'filestorage' ? [one.judgement] : []));
  const fault = findSiteFault(judgements);
  if (fault !== undefined)
    renderWarning({ kind: 'notice', code: 'site-faults', ...fault }, terminal);
  for (const { stamp } of judgements.filter(({ run }) => run === 'incomplete')) {
    const code = 'restore-point-incomplete';
    renderWarning({ kind: 'notice', code, storage, stamp }, terminal);
  }
}

/** One for each other Data.fs. */
function pointsOfOthers(points: readonly ListedSitePoint[]): readonly AnyWarning[] {
  const others = new Map<string, OtherDataFs & { readonly stamps: string[] }>();
  for (const one of points) {
    if (one.kind === 'blobs' || one.madeOf === undefined) continue;
    const key = `${one.madeOf.is} ${one.madeOf.path}`;
    const other = others.get(key) ?? { ...one.madeOf, stamps: [] };
    others.set(key, other);
    other.stamps.push(one.point.stamp);
  }
  return [...others.values()].map(({ path, is, stamps }) => {
    return { kind: 'notice', code: 'restore-points-of-other', source: path, is, stamps };
  });
}

function asProblem(problem: string): AnyWarning {
  return { kind: 'warning', code: 'backup-problem', problem };
}

function problemsOf(points: readonly PlacedPoint[]): readonly string[] {
  return points.flatMap(({ point: one }) =>
    one.kind === 'filestorage'
      ? one.point.problems.map(
          (problem) => `${one.point.fileName}: ${describeProblemOfPoint(problem)}`,
        )
      : one.problem === undefined
        ? []
        : describeProblem(one.problem),
  );
}
