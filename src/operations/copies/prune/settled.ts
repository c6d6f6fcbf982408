import type { CopySettings } from '../../../config/model/copy-settings.ts';
import { nameOfPoint, type PointName, pointKey } from '../../../copies/layout/keys.ts';
import { formatPlace } from '../../../copies/layout/place.ts';
import { sha256Of } from '../../../copies/store-object.ts';
import type { LocalEvents } from '../events/local-events.ts';
import type { LocalPoint } from '../local-points.ts';
import type { LocalTag } from '../tags/local-tags.ts';

/**
 * A checksum of all that says what a copy gets, and what goes from it: where it is the same as when a run had nothing left
 * to do, there is nothing to do.
 */
export function settledAs(
  { keep, keepRules, appendOnly, keyFile }: CopySettings,
  {
    local,
    tags,
    events,
    there,
  }: {
    readonly local: readonly LocalPoint[];
    readonly tags: readonly LocalTag[];
    readonly events: readonly LocalEvents[];
    readonly there: readonly PointName[];
  },
): string {
  const all = [
    { keep, keepRules, appendOnly, keyFile },
    // Backups of two sites may have one date.
    local.map((point) => [nameOfPoint(point), point.run, point.data?.link.md5]),
    tags.map((one) => `${nameOfPoint(one)} ${one.change} ${one.tag}`),
    events.map(({ place, checks }) => [
      formatPlace(place),
      ...checks.map(({ stamp, kind, part, outcome, at }) => [stamp, kind, part, outcome, at]),
    ]),
    there.map(pointKey),
  ];
  return sha256Of(Buffer.from(JSON.stringify(all)));
}
