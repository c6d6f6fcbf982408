import { Failure } from '../../system/failure.ts';
import type { Oid } from '../oid.ts';
import { PickleMachine } from './pickle-machine.ts';
import { type PickleValue, plainValue } from './pickle-value.ts';
import { classNameOf, type Reference, referenceOf } from './reference.ts';
import { faultOfState, type StateShape, shapeOfClass } from './state-shape.ts';
import { VALUE } from './value-kind.ts';

/** What a data record's pickles say, as far as a backup cares. */
export interface RecordPickle {
  /** `module.name`; undefined where the class is given in a way that has no name. */
  readonly className: string | undefined;
  /** In the order in which they stand there; one object may be referred to several times. */
  readonly references: readonly Reference[];
}

/**
 * Reads the two pickles of a data record, class and state, without building an object. Failure
 * `damaged`: bytes that are no pickle, a persistent id that ZODB doesn't load, or a state that the class is
 * known to refuse.
 */
export function decodeRecordPickle(data: Uint8Array): RecordPickle {
  const references: Reference[] = [];
  const decoder = new RecordDecoder({
    sizeBytes: data.length,
    onReference: (reference) => references.push(reference),
  });
  decoder.feed(data);
  return { className: decoder.className, references };
}

/** The class alone, as {@link decodeRecordPickle} gives it; the state isn't looked at. */
export function decodeRecordClass(data: Uint8Array): string | undefined {
  const machine = new PickleMachine({ sizeBytes: data.length, persistentId: () => REFERENCE });
  machine.feed(data);
  return classNameOf(machine.next());
}

/** The same as {@link decodeRecordPickle} for a record that comes in pieces: memory does not grow with it. */
export class RecordDecoder {
  readonly #machine: PickleMachine;
  readonly #onReference: (reference: Reference) => void;
  #next: 'class' | 'state' | 'nothing' = 'class';
  #className: string | undefined;
  #shape: StateShape | undefined;
  /** Of the objects that a BTree refers to: as for ZODB, the first reference tells the class. */
  readonly #classes = new Map<Oid, PickleValue>();

  constructor({
    sizeBytes,
    onReference,
  }: {
    readonly sizeBytes: number;
    readonly onReference: (reference: Reference) => void;
  }) {
    this.#onReference = onReference;
    const persistentId = (id: PickleValue) => this.#loaded(id);
    this.#machine = new PickleMachine({ sizeBytes, persistentId });
  }

  /** Undefined until it is known, too. */
  get className(): string | undefined {
    return this.#className;
  }

  /** A failure means nothing but that there are more values in it than are kept at once. */
  get isFull(): boolean {
    return this.#machine.isFull;
  }

  /** The next bytes, valid until it returns. Failure `damaged`. */
  feed(piece: Uint8Array): void {
    if (this.#next === 'nothing') return;
    this.#machine.feed(piece);
    if (this.#next === 'class') {
      const value = this.#machine.next();
      if (value !== undefined) {
        this.#className = classNameOf(value);
        this.#shape = this.#className === undefined ? undefined : shapeOfClass(this.#className);
        this.#next = 'state';
      }
    }
    if (this.#next === 'state') {
      const value = this.#machine.next();
      if (value !== undefined) {
        this.#checkState(value);
        this.#next = 'nothing';
        return;
      }
    }
    this.#machine.keepRest();
  }

  #loaded(id: PickleValue): PickleValue {
    const reference = referenceOf(id);
    if (reference === undefined) throw unknownForm(this.#machine.offset);
    if (reference === 'unknown') return REFERENCE;
    this.#onReference(reference);
    if (reference.kind !== 'strong' || this.#shape?.kind !== 'tree') return REFERENCE;
    const { oid, className } = reference;
    const known = this.#classes.get(oid);
    if (known !== undefined) return known;
    const loaded = className === undefined ? REFERENCE : { ...REFERENCE, className };
    this.#classes.set(oid, loaded);
    return loaded;
  }

  #checkState(state: PickleValue): void {
    const fault = this.#shape === undefined ? undefined : faultOfState(this.#shape, state);
    if (fault === undefined) return;
    throw new Failure('damaged', `Cannot load the state of a ${this.#className}: ${fault}`, {
      hint: 'The object’s record is damaged.',
    });
  }
}

const REFERENCE = plainValue(VALUE.REFERENCE);

function unknownForm(offset: number): Failure {
  return new Failure(
    'damaged',
    `Cannot follow the pickle at its byte ${offset - 1}: its persistent id has no form that ZODB loads`,
    { hint: 'The object’s record is damaged, or a newer ZODB wrote it.' },
  );
}
