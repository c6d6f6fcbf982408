import * as v from 'valibot';
import { ABILITIES, type PlaceReport } from '../../../../../operations/places/place-report.ts';
import { maybe, type Result, said } from '../../values.ts';

const PlaceSchema = v.strictObject({
  place: said('a path, or a URL without anything secret', v.string()),
  writers: maybe(
    'how many machines may write there. `one`: set `single_writer`. `none`: copies cannot be kept there',
    v.picklist(['several', 'one', 'none']),
  ),
  trials: said(
    'in the order in which they were made; the last ones are missing if one before them failed',
    v.array(
      v.strictObject({
        ability: v.picklist(ABILITIES),
        good: v.boolean(),
        reason: maybe('what the place said', v.string()),
      }),
    ),
  ),
  protection: maybe(
    'what keeps a copy in a bucket from somebody who has this key. `lock`: object lock, if `lock_days` is set. `key`: the key may not remove versions',
    v.picklist(['lock', 'key', 'none']),
  ),
  clockAheadSeconds: maybe('how far its clock is ahead of that of this machine', v.number()),
});

export const doctorResult = {
  places: said('those that were tried', v.array(PlaceSchema)),
};
export type DoctorResult = Result<typeof doctorResult>;

export function placeAsJson({
  place,
  writers,
  trials,
  protection,
  clockAheadMs,
}: PlaceReport): v.InferOutput<typeof PlaceSchema> {
  return {
    place,
    writers,
    trials: trials.map(({ ability, isGood: good, reason }) => ({ ability, good, reason })),
    protection,
    clockAheadSeconds: clockAheadMs === undefined ? undefined : clockAheadMs / 1000,
  };
}
