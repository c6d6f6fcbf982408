import { Failure } from '../../../system/failure.ts';
import type { ObjectStore } from '../object-store.ts';

/** Why a store that keeps to no condition can't be locked, where nobody declares that there is one writer. */
export function needsSingleWriter(store: ObjectStore): Failure {
  const what = `Cannot lock ${store.name}: this store can't keep two writers apart`;
  return new Failure('refused', what, { hint: { kind: 'declare-single-writer' } });
}
