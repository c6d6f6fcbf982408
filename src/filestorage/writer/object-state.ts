import {
  type ClassName,
  type ObjectReference,
  PickleEncoder,
  type PythonValue,
} from '../pickle/pickle-encoder.ts';

/** The persistent objects that the writer can make. */
export type ObjectState =
  | { readonly kind: 'mapping'; readonly data: ReadonlyMap<string, PythonValue> }
  | { readonly kind: 'list'; readonly items: readonly PythonValue[] }
  | { readonly kind: 'blob' };

const CLASSES: Readonly<Record<ObjectState['kind'], ClassName>> = {
  mapping: { module: 'persistent.mapping', name: 'PersistentMapping' },
  list: { module: 'persistent.list', name: 'PersistentList' },
  blob: { module: 'ZODB.blob', name: 'Blob' },
};

/** A reference to an object of this kind. */
export function reference(kind: ObjectState['kind'], oid: ObjectReference['oid']): ObjectReference {
  return { oid, class: CLASSES[kind] };
}

/** The two pickles of a data record: class and state. */
export function encodeObjectState(state: ObjectState): Buffer {
  const encoder = new PickleEncoder();
  encoder.class(CLASSES[state.kind]);
  encoder.value(stateOf(state));
  return encoder.bytes();
}

function stateOf(state: ObjectState): PythonValue {
  switch (state.kind) {
    case 'mapping':
      return new Map([['data', state.data]]);
    case 'list':
      return new Map([['data', state.items]]);
    case 'blob':
      return null;
    default:
      return state satisfies never;
  }
}
