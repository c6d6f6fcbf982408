import { type Microseconds, type Tid, tidOfMicroseconds } from '../../src/filestorage/tid.ts';
import type { LiveState, SimulatedSite } from './simulated-site.ts';
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
  readonly mayRefuse: 'never' | 'all later' | 'packed' | 'gone' | 'two chains' | 'wrong clock';
}

export function expectedMoment(site: SimulatedSite, asked: AskedMoment): ExpectedMoment {
  const ends = site.chainEnds;
  const chains = ends.map(({ log }) => log);
  const past = pastOf(site, asked);
  const live = past.at(-1);
  const known = past.findLast((one) => site.wasHeld(one));
  if (known === undefined) return { asked, live, known, mayRefuse: 'all later' };
  const holding = ends.filter(({ log }) => log.transactions.includes(known));
  if (holding.length === 0) return { asked, live, known, mayRefuse: 'gone' };
  const isSure = holding.some(({ stamp, log }) => {
    if (!hasMoment(log, known)) return false;
    if (asked.kind === 'transaction' && known === asked.of) return true;
    const next = log.transactions[log.transactions.indexOf(known) + 1];
    if (asked.kind !== 'date') return next === asked.of;
    const seen = timeOf(stamp);
    // A chain that goes on from a state that a restore has brought back says nothing of what came after that state.
    if (seen >= asked.at) return !site.restores.some(({ at }) => at > asked.at && at <= seen);
    const { restored, at: since = 0 } = site.restores.findLast(({ at }) => at <= asked.at) ?? {};
    const base = site.held.findLast((held) => timeOf(held.stamp) <= asked.at);
    const isBase = base !== undefined && timeOf(base.stamp) > since;
    const isThere = isBase || site.held.some((held) => held.stamp === restored);
    return isThere && holding.every((one) => hasMoment(one.log, known));
  });
  if (asked.kind === 'date' && site.isClockWrong(asked.at)) {
    return { asked, live, known, mayRefuse: 'wrong clock' };
  }
  const isTwofold = asked.kind === 'date' && isForked(chains, tidAt(asked.at));
  const mayRefuse = !isSure
    ? 'packed'
    : live !== known
      ? 'gone'
      : isTwofold
        ? 'two chains'
        : 'never';
  return { asked, live, known, mayRefuse };
}

/** The transactions that lead to the state that was live. */
function pastOf(site: SimulatedSite, asked: AskedMoment): readonly WrittenTransaction[] {
  if (asked.kind === 'date') return lastBefore(site.states, asked.at)?.log.transactions ?? [];
  const { transactions } = asked.log;
  return transactions.slice(0, transactions.indexOf(asked.of) + (asked.kind === 'before' ? 0 : 1));
}

function lastBefore(states: readonly LiveState[], at: number): LiveState | undefined {
  return states.findLast((state) => state.at <= at);
}

function hasMoment(log: WrittenLog, transaction: WrittenTransaction): boolean {
  return log.transactions.includes(transaction) && transaction.tid >= firstMoment(log);
}

/** Whether two chains have a state of then, and neither goes on from the other. */
function isForked(chains: readonly WrittenLog[], upTo: Tid): boolean {
  const ends = chains.map((log) => ({
    log,
    last: log.transactions.findLast(({ tid }) => tid <= upTo),
  }));
  return ends.some(({ log, last }) =>
    ends.some(
      (other) =>
        last !== undefined &&
        other.last !== undefined &&
        !other.log.transactions.includes(last) &&
        !log.transactions.includes(other.last),
    ),
  );
}

function timeOf(stamp: string): number {
  const [year, month, day, ...time] = stamp.split('-');
  return Date.parse(`${year}-${month}-${day}T${time.join(':')}Z`);
}

function tidAt(at: number): Tid {
  return tidOfMicroseconds((BigInt(at) * 1000n) as Microseconds);
}
