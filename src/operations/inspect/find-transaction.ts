import type { BackupKind, Site } from '../../config/model/site.ts';
import type { ScannedTransaction } from '../../filestorage/scan-visitor.ts';
import { cutBehind, wordsOfCut } from '../../repository/moment/cut.ts';
import { pointOfLinks } from '../../repository/restore-point.ts';
import { Failure } from '../../system/failure.ts';
import { findBackupPlaces } from '../run/backup-places.ts';
import type { JobContext } from '../run/events.ts';
import { scanPoint } from './scan-point.ts';
import { contains } from './transaction-log.ts';

/** What a transaction is known by: texts are looked for as they are, in any case of letters. */
export interface TransactionMatch {
  readonly user: string | undefined;
  readonly description: string | undefined;
}

/** A line of a log. */
export type LogLine = ReturnType<typeof wordsOfCut>;

/** The newest transaction that matches. */
export interface FoundTransaction {
  readonly line: LogLine;
  /** It, with the {@link BESIDE} before and behind, the oldest first. */
  readonly around: readonly LogLine[];
  /** How many match, in the logs that were read. */
  readonly matches: number;
}

/** Transactions on each side of the one that is found. */
const BESIDE = 2;

/**
 * Looks for the newest transaction of a site that matches: in the newest chain of each storage, and where none has one,
 * in the chains before. Failure `not-found`, `damaged`.
 */
export async function findTransaction(
  site: Site,
  {
    kind,
    match,
    context,
  }: {
    readonly kind: BackupKind;
    readonly match: TransactionMatch;
    readonly context: JobContext;
  },
): Promise<FoundTransaction> {
  const places = (await findBackupPlaces(site, { kind, backups: context.backups })).flatMap(
    ({ repository }) => repository ?? [],
  );
  const logs = await Promise.all(
    places.map(async (path) => {
      const repository = await context.backups.repository(path);
      const chains = (await repository.chains()).filter(({ links }) => links.length > 0);
      return { store: repository.store, chains: chains.toReversed() };
    }),
  );
  const most = Math.max(0, ...logs.map(({ chains }) => chains.length));
  for (let age = 0; age < most; age += 1) {
    const found: FoundTransaction[] = [];
    for (const { store, chains } of logs) {
      const links = chains[age]?.links;
      if (links === undefined) continue;
      const search = new LogSearch(match);
      const visitor = { transaction: (one: ScannedTransaction) => search.take(one) };
      await scanPoint({ store, point: pointOfLinks(links, undefined) }, { visitor, context });
      if (search.found !== undefined) found.push(search.found);
    }
    const [newest] = found.sort((one, other) => (one.line.tid < other.line.tid ? 1 : -1));
    const matches = found.reduce((sum, one) => sum + one.matches, 0);
    if (newest !== undefined) return { ...newest, matches };
  }
  throw new Failure('not-found', `Cannot find a transaction ${nameOfMatch(match)}`, {
    hint: { kind: 'look-into-log' },
  });
}

/** As in `by "jane"`, `with "Deleted"`. */
export function nameOfMatch({ user, description }: TransactionMatch): string {
  return [
    ...(user === undefined ? [] : [`by "${user}"`]),
    ...(description === undefined ? [] : [`with "${description}"`]),
  ].join(' ');
}

/** Keeps the last match of a log, and what is around it. */
class LogSearch {
  readonly #match: TransactionMatch;
  #before: LogLine[] = [];
  #found: { readonly line: LogLine; readonly around: LogLine[]; behind: number } | undefined;
  #matches = 0;

  constructor(match: TransactionMatch) {
    this.#match = match;
  }

  get found(): FoundTransaction | undefined {
    return this.#found && { ...this.#found, matches: this.#matches };
  }

  take(transaction: ScannedTransaction): void {
    const line = wordsOfCut(cutBehind(transaction));
    if (this.#fits(line)) {
      this.#matches += 1;
      this.#found = { line, around: [...this.#before, line], behind: 0 };
    } else if (this.#found !== undefined && this.#found.behind < BESIDE) {
      this.#found.around.push(line);
      this.#found.behind += 1;
    }
    this.#before = [...this.#before, line].slice(-BESIDE);
  }

  #fits({ user, description }: LogLine): boolean {
    return contains(user, this.#match.user) && contains(description, this.#match.description);
  }
}
