import { formatOid, type Oid } from '../filestorage/oid.ts';
import { isStructured, itemsOf, type Value } from '../filestorage/pickle/values/value.ts';
import type { State } from '../states/state.ts';
import { Failure } from '../system/failure.ts';
import { isStrong } from './attributes.ts';
import { requireObject, type StoredObject } from './stored-object.ts';

/** `BTrees.OOBTree.OOBTree` and its relatives that have keys with values, and their buckets. */
const MAPPING = /^BTrees\.(\w\w)BTree\.(\1BTree|\1Bucket)(Py)?$/;
const BUCKET = /Bucket(Py)?$/;

/** Whether an object is a BTree, or a bucket of one, that has values. */
export function isTree({ className }: Pick<StoredObject, 'className'>): boolean {
  return className !== undefined && MAPPING.test(className);
}

/**
 * The keys and values of a BTree, in the order of its keys. Its states: None; one bucket inside, `((bucket,),)`;
 * children, and the first of a chain of buckets. Failure `damaged`: a chain that is broken, or leads back.
 */
export async function* entriesOfTree(
  state: State,
  tree: StoredObject,
): AsyncGenerator<readonly [key: Value, value: Value]> {
  const [children, first] = itemsOf(tree.state);
  if (BUCKET.test(tree.className ?? '')) {
    yield* pairsOf(tree.state);
    return;
  }
  if (first === undefined) {
    const [bucket] = itemsOf(children);
    yield* pairsOf(bucket);
    return;
  }
  const seen = new Set<Oid>();
  let next: Value | undefined = first;
  while (next !== undefined) {
    const oid = isStrong(next) ? next.reference.oid : undefined;
    if (oid === undefined) throw broken(tree, 'its chain of buckets leads to no object');
    if (seen.has(oid)) throw broken(tree, 'its chain of buckets leads back');
    seen.add(oid);
    const bucket: StoredObject = await requireObject(state, oid);
    yield* pairsOf(bucket.state);
    next = itemsOf(bucket.state)[1];
  }
}

/** Of `((key, value, key, value, ...),)`, which is the state of a bucket. */
function* pairsOf(bucket: Value | undefined): Generator<readonly [Value, Value]> {
  const [items] = itemsOf(bucket);
  if (!isStructured(items)) return;
  const all = itemsOf(items);
  for (let place = 0; place + 1 < all.length; place += 2) {
    yield [all[place] ?? null, all[place + 1] ?? null];
  }
}

function broken({ oid, className }: StoredObject, state: string): Failure {
  return new Failure('damaged', `Cannot read ${className} ${formatOid(oid)}: ${state}`, {
    hint: 'The BTree is damaged. Look at an earlier state of the database.',
  });
}
