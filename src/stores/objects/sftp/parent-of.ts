/** The folder of a key or of a folder; empty for what is in the root. */
export function parentOf(inside: string): string {
  return inside.slice(0, Math.max(0, inside.lastIndexOf('/')));
}
