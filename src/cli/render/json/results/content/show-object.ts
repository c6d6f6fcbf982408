import * as v from 'valibot';
import type { DescribedPath } from '../../../../../operations/content/describe-path.ts';
import { summaryAsJson, summaryOfObject } from '../../content.ts';
import { Bytes, Count, Id, maybe, said } from '../../values.ts';

export const DescribedSchema = v.strictObject({
  path: v.string(),
  oid: Id,
  ...summaryOfObject,
  description: v.optional(v.string()),
  creators: v.array(v.string()),
  workflowStates: v.array(v.strictObject({ workflow: v.string(), state: v.string() })),
  uid: maybe('by which a catalog knows it', v.string()),
  children: said('what lies in it', Count),
  own: v.strictObject({
    objects: said('its own record, and those that belong to it alone, as its blobs', Count),
    sizeBytes: said('of these records', Bytes),
    isCut: said('whether it has more, which are not counted', v.boolean()),
    blobs: v.array(
      v.strictObject({
        oid: Id,
        attribute: said('the way to it, as Python writes it', v.string()),
        sizeBytes: maybe('absent where no copy has it', Bytes),
      }),
    ),
  }),
});

export function describedAsJson(described: DescribedPath): v.InferOutput<typeof DescribedSchema> {
  const { path, oid, description, creators, workflowStates, uid, children, own } = described;
  return {
    path,
    oid,
    ...summaryAsJson(described),
    description,
    creators: [...creators],
    workflowStates: [...workflowStates],
    uid,
    children,
    own: { ...own, blobs: [...own.blobs] },
  };
}
