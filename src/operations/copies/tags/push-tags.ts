import type { CopiedTags } from '../../../copies/copied-tags.ts';
import {
  isSamePoint,
  type PointMoment,
  type TagChangeName,
  tagKey,
} from '../../../copies/layout/keys.ts';
import { encodeTagChange } from '../../../copies/layout/tag-change.ts';
import { VERSION } from '../../../system/processes/version.ts';
import type { CopyRun } from '../push/push-run.ts';
import type { LocalTag } from './local-tags.ts';

/**
 * What has changed since the copy got its tags. Of those that it alone has, nothing tells here, and they stay: whoever
 * takes one away here has written that down.
 */
export function tagChanges(
  local: readonly LocalTag[],
  copied: CopiedTags,
): readonly TagChangeName[] {
  return local.flatMap((one) => {
    const last = copied.lastOf(one, one.tag);
    const isSame = (last?.change ?? 'taken') === one.change;
    return isSame ? [] : { ...one, number: (last?.number ?? 0) + 1 };
  });
}

/** Writes changes of tags. @param points - that the copy has, or gets now: of others, it takes no tags */
export async function pushTags(
  changes: readonly TagChangeName[],
  {
    points,
    run: { site, storing, now },
  }: { readonly points: readonly PointMoment[]; readonly run: CopyRun },
): Promise<void> {
  for (const name of changes) {
    if (!points.some((point) => isSamePoint(point, name))) continue;
    const { place, stamp, tag, number, change } = name;
    const record = encodeTagChange({
      ...{ format: 1, tool: `zodbvault ${VERSION}` },
      ...{ ...place, stamp, tag, number, change, at: now().toISOString() },
    });
    await storing.confirm();
    await site.put(tagKey(name), record);
  }
}
