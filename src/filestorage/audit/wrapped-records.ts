import { type DraftFinding, FindingList } from './finding.ts';

/**
 * Tells records that a wrapper of the storage has changed, as by encryption, from records that are damaged: of
 * a storage with a wrapper no record can be read, and all begin with the same mark.
 */
export class WrappedRecords {
  /** What there is to say of each record, by its mark, if it is damaged. */
  readonly #byMark = new Map<string, { readonly findings: FindingList; count: number }>();

  add(mark: string, make: () => Omit<DraftFinding, 'problem' | 'kind'>): void {
    const same = this.#byMark.get(mark) ?? { findings: new FindingList(), count: 0 };
    this.#byMark.set(mark, same);
    same.count += 1;
    same.findings.add('pickle', make);
  }

  /**
   * The mark of the storage's wrapper, if it has one. What is damage then is added to `findings`.
   *
   * @param readCount - records of the same log that could be read
   */
  finish(readCount: number, findings: FindingList): string | undefined {
    const marks = [...this.#byMark].sort(([, one], [, other]) => other.count - one.count);
    const mark = readCount === 0 ? marks[0]?.[0] : undefined;
    for (const [other, { findings: damage }] of marks) {
      if (other !== mark) findings.addAll(damage);
    }
    return mark;
  }
}
