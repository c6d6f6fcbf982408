import { Failure } from '../../system/failure.ts';
import { requireKey } from './object-key.ts';
import { type ObjectStore, type PutCondition, SMALL_OBJECT_BYTES } from './object-store.ts';

/** What is put, and where. */
interface Put {
  readonly key: string;
  readonly content: Uint8Array;
  readonly condition: PutCondition | undefined;
}

/**
 * Requires that an object can be put as it is asked for. Failure `usage`: its key is none, it is too large, or the
 * store doesn't keep to the condition.
 */
export function requirePut(
  { conditions, nameOf }: Pick<ObjectStore, 'conditions' | 'nameOf'>,
  { key, content, condition }: Put,
): void {
  requireKey(key);
  if (content.length > SMALL_OBJECT_BYTES) {
    throw new Failure(
      'usage',
      `Cannot write "${nameOf(key)}" at once: it has ${content.length} bytes`,
      { hint: `At most ${SMALL_OBJECT_BYTES} bytes are written at once.` },
    );
  }
  const isKept =
    condition === undefined ||
    conditions === 'both' ||
    (conditions === 'absent' && condition.kind === 'absent');
  if (isKept) return;
  throw new Failure(
    'usage',
    `Cannot write "${nameOf(key)}" on the condition "${condition.kind}": this store doesn’t keep to it`,
    { hint: 'Let one machine alone write there, and say so in the configuration.' },
  );
}
