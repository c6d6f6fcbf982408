import { KEYS_PREFIX } from '../../copies/layout/keys.ts';
import { readIfThere } from '../../copies/read-copy.ts';
import type { ObjectReader } from '../../stores/objects/object-store.ts';
import { parseIdentities } from '../../system/age/keys.ts';
import { decryptWithPassphrase } from '../../system/age/passphrase.ts';
import { type Failure, isFailure } from '../../system/failure.ts';

/** Asks for the passphrase of what has a name. Failure `refused` where nobody types it. */
export type AskPassphrase = (name: string) => Promise<string>;

/**
 * The secret keys that the copy of a site keeps, which a passphrase opens: that is asked for when the first is needed.
 * Undefined where there are none: one request, and one for each.
 */
export async function identitiesInCopy(
  site: ObjectReader,
  ask: AskPassphrase,
): Promise<(() => Promise<readonly string[]>) | undefined> {
  const kept: Uint8Array[] = [];
  for await (const page of site.pages(KEYS_PREFIX)) {
    for (const { key } of page) kept.push(...[(await readIfThere(site, key)) ?? []].flat());
  }
  return kept.length === 0 ? undefined : () => openAll(kept, { site, ask });
}

/** Each key may have a passphrase of its own: those count that this one opens. */
async function openAll(
  kept: readonly Uint8Array[],
  { site, ask }: { readonly site: ObjectReader; readonly ask: AskPassphrase },
): Promise<readonly string[]> {
  const name = site.nameOf(KEYS_PREFIX.slice(0, -1));
  const passphrase = await ask(name);
  const identities: string[] = [];
  let refusal: Failure | undefined;
  for (const file of kept) {
    try {
      const text = await decryptWithPassphrase(file, { passphrase, name });
      identities.push(...parseIdentities(text, `"${name}"`));
    } catch (error) {
      if (!isFailure(error, 'refused')) throw error;
      refusal = error;
    }
  }
  if (identities.length === 0 && refusal !== undefined) throw refusal;
  return identities;
}
