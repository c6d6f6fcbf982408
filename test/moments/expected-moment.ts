import type { SimulatedSite } from './simulated-site.ts';
import type { LiveState, SimulatedStorage } from './simulated-storage.ts';
import { firstMoment, type WrittenLog, type WrittenTransaction } from './written-log.ts';

/** A moment as somebody asks for it. */
export type AskedMoment =
  /** In whole seconds; in milliseconds since 1970. */
  | { readonly kind: 'date'; readonly at: number }
  | {
      readonly kind: 'transaction' | 'before';
      readonly of: WrittenTransaction;
      readonly log: WrittenLog;
    };

/** What a moment is, as it was written down; undefined: there was nothing yet. */
export interface ExpectedMoment {
  readonly asked: AskedMoment;
  /** The last transaction of the state that was live then. */
  readonly live: WrittenTransaction | undefined;
  /** The same, or the last one before it of which there is any backup, where none is left of what came after. */
  readonly known: WrittenTransaction | undefined;
  /** Why it may be refused. */
  readonly mayRefuse: 'never' | 'all later' | 'packed' | 'gone' | 'wrong clock';
}

/** A storage of a site. */
export interface AskedStorage {
  readonly site: SimulatedSite;
  readonly storage: SimulatedStorage;
}

export function expectedMoment(of: AskedStorage, asked: AskedMoment): ExpectedMoment {
  const { site, storage } = of;
  const ends = storage.chainEnds;
  const past = pastOf(storage, asked);
  const live = past.at(-1);
  const known = past.findLast((one) => storage.wasHeld(one));
  if (known === undefined) return { asked, live, known, mayRefuse: 'all later' };
  const holding = ends.filter(({ log }) => log.transactions.includes(known));
  if (holding.length === 0) return { asked, live, known, mayRefuse: 'gone' };
  const isSure = holding.some(({ stamp, log }) => {
    if (!hasMoment(log, known)) return false;
    if (asked.kind === 'transaction' && known === asked.of) return true;
    const next = log.transactions[log.transactions.indexOf(known) + 1];
    if (asked.kind !== 'date') return next === asked.of;
    const seenAt = timeOf(stamp);
    if (seenAt >= asked.at) return tellsOf(asked.at, { seenAt, of });
    return isKnownBefore(of, asked.at) && holding.every((one) => hasMoment(one.log, known));
  });
  if (asked.kind === 'date' && site.isClockWrong(asked.at)) {
    return { asked, live, known, mayRefuse: 'wrong clock' };
  }
  const mayRefuse = !isSure ? 'packed' : live !== known ? 'gone' : 'never';
  return { asked, live, known, mayRefuse };
}

/** Whether a log as it was at one time has what was live at an earlier one: also what a restore has brought back since. */
function tellsOf(
  at: number,
  { seenAt, of }: { readonly seenAt: number; readonly of: AskedStorage },
): boolean {
  const last = of.site.swaps.findLast((swap) => swap.at <= seenAt);
  if (last === undefined || last.at <= at) return true;
  const back = last.logs[of.site.storages.indexOf(of.storage)]?.transactions.at(-1)?.at ?? 0;
  return back > at && tellsOf(at, { seenAt: back, of });
}

/** Whether a backup that is there was made in the time line of a date before it, or a restore brought one back. */
function isKnownBefore({ site, storage }: AskedStorage, at: number): boolean {
  const { restored, at: since = 0 } = site.swaps.findLast((swap) => swap.at <= at) ?? {};
  const base = storage.held.findLast((held) => timeOf(held.stamp) <= at);
  const isBase = base !== undefined && timeOf(base.stamp) > since;
  return isBase || storage.held.some((held) => held.stamp === restored);
}

/** The transactions that lead to the state that was live. */
function pastOf(storage: SimulatedStorage, asked: AskedMoment): readonly WrittenTransaction[] {
  if (asked.kind === 'date') return lastBefore(storage.states, asked.at)?.log.transactions ?? [];
  const { transactions } = asked.log;
  return transactions.slice(0, transactions.indexOf(asked.of) + (asked.kind === 'before' ? 0 : 1));
}

function lastBefore(states: readonly LiveState[], at: number): LiveState | undefined {
  return states.findLast((state) => state.at <= at);
}

function hasMoment(log: WrittenLog, transaction: WrittenTransaction): boolean {
  return log.transactions.includes(transaction) && transaction.tid >= firstMoment(log);
}

function timeOf(stamp: string): number {
  const [year, month, day, ...time] = stamp.split('-');
  return Date.parse(`${year}-${month}-${day}T${time.join(':')}Z`);
}
