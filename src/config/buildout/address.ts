/** Whether a `.cfg` is named by an address, not by a path. */
export function isAddress(place: string): boolean {
  return /^https?:\/\//.test(place);
}

/**
 * A place as messages, logs and settings show it: an address without its user, its password and its
 * query, which may hold a token. A path as it is.
 */
export function withoutSecrets(place: string): string {
  if (!isAddress(place)) return place;
  return place.replace(/^(https?:\/\/)[^/?#]*@/, '$1***@').replace(/\?[^#]*/, '?***');
}

/** What to ask a server for: `fetch` takes no address with a password in it, and would say it aloud. */
export function requestFor(address: string): {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
} {
  const url = new URL(address);
  const { username, password } = url;
  url.username = '';
  url.password = '';
  if (username === '' && password === '') return { url: url.href, headers: {} };
  const words = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return {
    url: url.href,
    headers: { authorization: `Basic ${Buffer.from(words).toString('base64')}` },
  };
}
