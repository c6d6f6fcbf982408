import { Failure } from '../../system/failure.ts';
import { PickleMachine } from './pickle-machine.ts';
import { classNameOf, type Reference, referenceOf } from './reference.ts';

/** What a data record's pickles say, as far as a backup cares. */
export interface RecordPickle {
  /** `module.name`; undefined where the class is given in a way that has no name. */
  readonly className: string | undefined;
  /** In the order in which they stand there; one object may be referred to several times. */
  readonly references: readonly Reference[];
}

/**
 * Reads the two pickles of a data record, class and state, without building an object. Failure
 * `damaged`: bytes that are no pickle, or a persistent id that ZODB has no form for.
 */
export function decodeRecordPickle(data: Uint8Array): RecordPickle {
  const references: Reference[] = [];
  const machine = new PickleMachine(data, (id) => {
    const reference = referenceOf(id);
    if (reference === undefined) throw unknownForm(machine.offset);
    references.push(reference);
  });
  const className = classNameOf(machine.next());
  machine.next();
  return { className, references };
}

/** The class alone, as {@link decodeRecordPickle} gives it; the state isn't looked at. */
export function decodeRecordClass(data: Uint8Array): string | undefined {
  return classNameOf(new PickleMachine(data, () => {}).next());
}

function unknownForm(offset: number): Failure {
  return new Failure(
    'damaged',
    `Cannot follow the pickle at its byte ${offset - 1}: its persistent id has no form that ZODB writes`,
    { hint: 'The object’s record is damaged, or a newer ZODB wrote it.' },
  );
}
