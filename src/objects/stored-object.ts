import { formatOid, type Oid } from '../filestorage/oid.ts';
import { decodeRecordValues } from '../filestorage/pickle/values/record-values.ts';
import type { Value } from '../filestorage/pickle/values/value.ts';
import type { Tid } from '../filestorage/tid.ts';
import type { State } from '../states/state.ts';
import { Failure } from '../system/failure.ts';

/** A persistent object as its record says, without its class. */
export interface StoredObject {
  readonly oid: Oid;
  /** The transaction that wrote it. */
  readonly tid: Tid;
  /** `module.name`; undefined where the record gives it in a way that has no name. */
  readonly className: string | undefined;
  readonly state: Value;
  /** Which Python wrote it, as far as it tells. */
  readonly python: 2 | 3;
  /** Its two pickles, as ZODB wrote them: what a wrapper of the storage did is undone. */
  readonly pickles: Uint8Array;
}

/**
 * The object with that oid; undefined where the state has none. Failures: `damaged`; `program`, where only the program
 * that wrote the record can read it.
 */
export async function readObject(state: State, oid: Oid): Promise<StoredObject | undefined> {
  const found = await state.load(oid);
  if (found === undefined) return undefined;
  const record = decodeRecordValues(found.data);
  switch (record.kind) {
    case 'values': {
      const { className, state: values, hasOldStrings, pickles } = record;
      const python = hasOldStrings ? 2 : 3;
      return { oid, tid: found.tid, className, state: values, python, pickles };
    }
    case 'wrapped':
      throw unreadable(oid, {
        state: `its storage wrote it in a form of its own, "${record.mark}"`,
        hint: 'Nothing but the server that wrote it can read it: restore, and look there.',
      });
    case 'too-large':
      throw unreadable(oid, {
        state: 'it is too large to be held',
        hint: 'Restore, and look at it in Zope.',
      });
    default:
      return record satisfies never;
  }
}

/** The same where something says that there is one. Failure `damaged` where there is none. */
export async function requireObject(state: State, oid: Oid): Promise<StoredObject> {
  const found = await readObject(state, oid);
  if (found !== undefined) return found;
  throw new Failure(
    'damaged',
    `Cannot read object ${formatOid(oid)}: ${state.name} has no such record`,
    {
      hint: 'Something leads to an object that is not in the database. A deep verification lists all of these.',
    },
  );
}

function unreadable(oid: Oid, { state, hint }: { readonly state: string; readonly hint: string }) {
  return new Failure('program', `Cannot read object ${formatOid(oid)}: ${state}`, { hint });
}
