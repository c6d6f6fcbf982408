import type { Oid } from '../oid.ts';
import type { Tid } from '../tid.ts';

/** What of a log was looked at, and found wrong. */
export type LogProblem =
  /** Its bytes don't fit together; what follows can't be read. */
  | 'structure'
  /** A transaction isn't later than the one before it. */
  | 'tid-order'
  /** A record names another transaction than the one that it is in. */
  | 'record-tid'
  | 'previous-pointer'
  | 'back-pointer'
  | 'pickle'
  | 'root'
  | 'reference'
  | 'index'
  | 'blob';

/** Something that an audit has to say; `note`: that is no damage, but worth knowing. */
export interface LogFinding {
  readonly kind: 'bad' | 'note';
  readonly problem: LogProblem;
  /** What was found, and what was expected. */
  readonly state: string;
  readonly object: NamedObject | undefined;
  readonly transaction: NamedTransaction | undefined;
}

export interface NamedObject {
  readonly oid: Oid;
  /** `module.name`; undefined where the record that says so is lost or broken. */
  readonly className: string | undefined;
}

export interface NamedTransaction {
  readonly tid: Tid;
  /** Undefined where the transaction is lost. */
  readonly user: string | undefined;
}

/** A finding of which not all names are known yet, and where in the log they stand. */
export interface DraftFinding {
  readonly kind: LogFinding['kind'];
  readonly problem: LogProblem;
  readonly state: string;
  readonly oid?: Oid;
  /** Known, or where it can be read: at a record with a pickle of the object. */
  readonly className?: string | { readonly at: number };
  /** Known in part, or that of which a record stands there. */
  readonly transaction?: NamedTransaction | { readonly at: number };
}

/** Findings of one problem that are kept; of more there is only the number. */
const KEPT_PER_PROBLEM = 200;

/** Collects findings: a file that is damaged all over must not fill the memory. */
export class FindingList {
  readonly #drafts: DraftFinding[] = [];
  readonly #counts = { bad: new Map<LogProblem, number>(), note: new Map<LogProblem, number>() };

  /** Adds damage; `make` is asked only for what is kept. */
  add(problem: LogProblem, make: () => Omit<DraftFinding, 'problem' | 'kind'>): void {
    this.#add('bad', { problem, make });
  }

  /** The same for what is no damage. */
  addNote(problem: LogProblem, make: () => Omit<DraftFinding, 'problem' | 'kind'>): void {
    this.#add('note', { problem, make });
  }

  /** Adds what another list has. */
  addAll(other: FindingList): void {
    for (const kind of ['bad', 'note'] as const) {
      for (const [problem, count] of other.#counts[kind]) {
        const kept = other.#drafts.filter((one) => one.kind === kind && one.problem === problem);
        for (const draft of kept) this.#add(kind, { problem, make: () => draft });
        const counted = this.#counts[kind].get(problem) ?? 0;
        this.#counts[kind].set(problem, counted + count - kept.length);
      }
    }
  }

  /** In the order in which they came; for what was not kept one of each problem. */
  drafts(): readonly DraftFinding[] {
    const more = (['bad', 'note'] as const).flatMap((kind) =>
      [...this.#counts[kind]].flatMap(([problem, count]): DraftFinding[] => {
        const left = count - KEPT_PER_PROBLEM;
        return left > 0 ? [{ kind, problem, state: `${left} more of the same kind` }] : [];
      }),
    );
    return [...this.#drafts, ...more];
  }

  #add(
    kind: LogFinding['kind'],
    {
      problem,
      make,
    }: {
      readonly problem: LogProblem;
      readonly make: () => Omit<DraftFinding, 'problem' | 'kind'>;
    },
  ): void {
    const count = (this.#counts[kind].get(problem) ?? 0) + 1;
    this.#counts[kind].set(problem, count);
    if (count <= KEPT_PER_PROBLEM) this.#drafts.push({ kind, problem, ...make() });
  }
}

/** As far as its names are known already. */
export function finishFinding(draft: DraftFinding): LogFinding {
  const { kind, problem, state, oid, className, transaction } = draft;
  return {
    kind,
    problem,
    state,
    object:
      oid === undefined
        ? undefined
        : { oid, className: typeof className === 'string' ? className : undefined },
    transaction: transaction !== undefined && 'tid' in transaction ? transaction : undefined,
  };
}

/** Whether something of it must be read from the log. */
export function needsLog({ className, transaction }: DraftFinding): boolean {
  if (typeof className === 'object') return true;
  if (transaction === undefined) return false;
  return 'at' in transaction || transaction.user === undefined;
}
