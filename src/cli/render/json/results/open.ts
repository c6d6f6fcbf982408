import * as v from 'valibot';
import type { Site } from '../../../../config/model/site.ts';
import type { ServedState } from '../../../../operations/open/serve-site.ts';
import { Bytes, Count, Id, Label, Moment, maybe, type Result, said } from '../values.ts';

const CheckSchema = v.strictObject({
  fingerprint: Label.fingerprint,
  isVerified: said('whether a verification had found the same before', v.boolean()),
});

const StorageSchema = v.strictObject({
  site: Label.site,
  storage: Label.storage,
  name: said('by which ZEO clients ask for it', v.string()),
  tid: said('its last transaction', Id),
  time: said('of that transaction', Moment),
  objects: Count,
  bytes: said('of its log up to there', Bytes),
  check: maybe('with `--check`', CheckSchema),
});

export const openResult = {
  address: maybe(
    'where it listens: `HOST:PORT`, or the path of a socket. Absent where it failed',
    v.string(),
  ),
  home: maybe('with `--site`: the folder of the copied instance', v.string()),
  url: maybe('with `--site`: where it answers, once it is started', v.string()),
  storages: said('one for each that is open', v.array(StorageSchema)),
};
export type OpenResult = Result<typeof openResult>;

export function servedAsJson(
  { zeoName: name, fingerprint, ...served }: ServedState,
  { part: site }: Site,
): v.InferOutput<typeof StorageSchema> {
  const check = fingerprint && {
    fingerprint: fingerprint.found.sum,
    isVerified: fingerprint.remembered !== undefined,
  };
  return { site, name, ...served, check };
}
