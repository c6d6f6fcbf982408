import { BLOB_CLASS_NAME } from '../../filestorage/format.ts';
import { formatOid } from '../../filestorage/oid.ts';
import type { State } from '../../states/state.ts';
import { Failure } from '../../system/failure.ts';
import { requireObject, type StoredObject } from '../stored-object.ts';
import { cutReferences } from './cut-references.ts';
import type { ExportPlan } from './plan-export.ts';
import { encodeBlobHead, encodeObjectHead, ZEXP_END, ZEXP_MAGIC } from './zexp.ts';

/** The bytes of the `.zexp` file of a plan without stops. Failure `damaged`. */
export async function* encodeExport(
  state: State,
  { objects, cuts }: ExportPlan,
): AsyncGenerator<Uint8Array> {
  yield ZEXP_MAGIC;
  for (const oid of objects) {
    const object = await requireObject(state, oid);
    const ends = cuts.get(oid);
    const pickles = ends === undefined ? object.pickles : cutReferences(object.pickles, ends);
    yield encodeObjectHead(oid, pickles.length);
    yield pickles;
    if (object.className === BLOB_CLASS_NAME) yield* encodeBlob(state, object);
  }
  yield ZEXP_END;
}

async function* encodeBlob(state: State, { oid, tid }: StoredObject): AsyncGenerator<Uint8Array> {
  const blob = await state.blob(oid, tid);
  let missing = blob?.sizeBytes ?? 0;
  if (blob !== undefined) {
    yield encodeBlobHead(blob.sizeBytes);
    for await (const chunk of blob.read()) {
      missing -= chunk.length;
      yield chunk;
    }
  }
  if (blob !== undefined && missing === 0) return;
  throw new Failure('damaged', `Cannot read the blob ${formatOid(oid)}: it is not as it was`, {
    hint: 'Something removed or changed it meanwhile; run the command again.',
  });
}
