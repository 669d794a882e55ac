/**
 * Ids of links, claims and agreements are hashes in base64url, and one in 64 begins with a hyphen. No option looks like that,
 * so such a word is an argument, wherever it stands alone.
 */

/** SHA-256 in base64url. */
const HYPHENATED = /^-[A-Za-z0-9_-]{41}[AEIMQUYcgkosw048]$/

/** The same words, with such ids behind `--`, in their order. One behind an option is left to that option. */
export function withHyphenatedIds(words: readonly string[]): string[] {
  if (words.includes('--')) return [...words]
  const isOption = (word = '') => word.startsWith('-') && !HYPHENATED.test(word)
  const isId = (word: string, at: number) => HYPHENATED.test(word) && !isOption(words[at - 1])
  const ids = words.filter(isId)
  return ids.length === 0 ? [...words] : [...words.filter((word, at) => !isId(word, at)), '--', ...ids]
}
