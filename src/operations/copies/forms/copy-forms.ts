import type { CopySettings } from '../../../config/model/copy-settings.ts';
import { Codec } from '../../../copies/codec.ts';
import type { StoredForm } from '../../../copies/layout/stored-form.ts';
import { readRecipients } from './read-recipients.ts';

/** In which forms a copy gets what it lacks. */
export interface CopyForms extends AsyncDisposable {
  /** Of data files. */
  readonly data: StoredForm;
  /** Of all else. */
  readonly others: StoredForm;
  readonly codec: Codec;
}

/** As the settings say. Failures: `usage`, `not-found` where a public key can't be used, or its file isn't there. */
export async function openCopyForms({
  recipients: written,
  compression,
}: CopySettings): Promise<CopyForms> {
  const recipients = await readRecipients(written);
  const others: StoredForm = recipients.length === 0 ? [] : ['age'];
  const data: StoredForm = compression === 'zstd' ? ['zstd', ...others] : others;
  const codec = new Codec({ recipients, identities: undefined });
  return { data, others, codec, [Symbol.asyncDispose]: () => codec[Symbol.asyncDispose]() };
}
