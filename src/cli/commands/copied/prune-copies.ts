import { Option } from '@commander-js/extra-typings';
import { openCopy } from '../../../operations/copies/copy-place.ts';
import type { PricedPoint } from '../../../operations/copies/prune/price-points.ts';
import {
  planSiteCopyPrune,
  pruneSiteCopy,
  type SiteCopyPrune,
} from '../../../operations/copies/prune/prune-site-copy.ts';
import { Failure } from '../../../system/failure.ts';
import { printTable } from '../../format/table.ts';
import { count } from '../../format/units.ts';
import type { Waiting } from '../../options/common-options.ts';
import { inEachOf } from '../../options/each-of.ts';
import { type SaidKeeping, saidKeeping } from '../../options/keep-options.ts';
import { shownOn } from '../../render/events.ts';
import { goneAsJson, type PruneResult, pricedAsJson } from '../../render/json/results/prune.ts';
import { describeTotals, tableOfPlan } from '../../render/retention.ts';
import { findCopies, type PrunedCopy } from '../../select/site-options.ts';
import type { SiteSelection } from '../../select/site-selection.ts';
import type { CommandContext } from '../../terminal/run-command.ts';

/** The same as `single_writer` of a copy in a configuration: a place that none names has to be told, too. */
export const SINGLE_WRITER_OPTION = new Option(
  '--single-writer',
  'with --from: no other machine writes to this place; needed if its server cannot keep two writers apart',
);

export function singleWriterOfNothing(): Failure {
  return new Failure('usage', 'Cannot use --single-writer here: it goes with --from', {
    hint: 'Name the copy with --from: its name, or a URL or path.',
  });
}

/** What the options say of the copies whose old restore points go. */
interface CopyPruneOptions extends SiteSelection, SaidKeeping {
  readonly from: string;
  /** Undefined: all kinds. */
  readonly kind?: SiteCopyPrune['kind'] | undefined;
  readonly dryRun?: true | undefined;
  readonly singleWriter?: true | undefined;
}

interface Saying extends CommandContext, Waiting {
  readonly result: PruneResult;
}

/** Shows what would go from the copies that are meant, or removes it. Returns the exit status. */
export async function pruneCopies(options: CopyPruneOptions, context: Saying): Promise<number> {
  const { kind = 'all', dryRun } = options;
  return await inEachOf(await findCopies(options, context), {
    context,
    absence: 'error',
    nameOf: ({ copy: { site, name } }) => ({ name: `${site} in ${name}`, labels: { site } }),
    work: async ({ site, copy }: PrunedCopy) => {
      const singleWriter = copy.singleWriter || options.singleWriter === true;
      const kept = { ...copy, ...saidKeeping(copy, options), singleWriter };
      const request = { site, copy: kept, kind, now: () => new Date(), open: openCopy };
      if (dryRun) await showPlan(request, context);
      else await carryOut(request, context);
      return undefined;
    },
  });
}

async function showPlan(
  request: SiteCopyPrune,
  { terminal, signal, backups, result }: Saying,
): Promise<void> {
  const { copy } = request;
  const job = { ...shownOn(terminal), signal, backups };
  const { points, freedBytes } = await planSiteCopyPrune(request, job);
  result.points?.push(...points.map((point) => pricedAsJson(point, copy)));
  result.freedBytes = (result.freedBytes ?? 0) + freedBytes;
  if (terminal.isJson) return;
  const places = new Set(points.map(placeOf));
  for (const name of places) {
    terminal.print(`${copy.site}: ${name}, in ${copy.url}:`);
    const ofPlace = points.filter((point) => placeOf(point) === name);
    const table = tableOfPlan(ofPlace.map(({ part: type, ...point }) => ({ type, ...point })));
    await printTable(table, { terminal, emphasis: { bad: ['goes'] }, signal });
  }
  terminal.log(`${copy.site}: ${describeTotals(points, freedBytes)}`);
}

function placeOf({ place: { storage, kind } }: PricedPoint): string {
  return `${storage}, ${kind}`;
}

async function carryOut(
  request: SiteCopyPrune,
  { terminal, signal, backups, waitSeconds, result }: Saying,
): Promise<void> {
  const { copy } = request;
  const job = { ...shownOn(terminal, { steps: 'details' }), signal, backups, waitSeconds };
  const gone = await pruneSiteCopy(request, job);
  result.removedPoints = [
    ...(result.removedPoints ?? []),
    ...gone.map((point) => goneAsJson(point, copy)),
  ];
  for (const { place, stamp } of gone) {
    terminal.debug(`${copy.site}: ${place.storage}, ${place.kind}: ${stamp} is deleted`);
  }
  terminal.print(
    gone.length === 0
      ? `${copy.site}: nothing to delete in ${copy.url}`
      : `${copy.site}: ${count(gone.length, 'restore point')} deleted in ${copy.url}`,
  );
}
