import type { Detector, Span } from './detector.ts'

/**
 * A detector from a pattern. The platform's engine backtracks, so a pattern here has no quantifier inside a quantifier
 * over the same characters, and every open repetition is bounded: the work per position is a constant.
 * @param accept further check of a match, such as a check digit. @default all
 */
export function byPattern(
  head: Omit<Detector, 'find'>,
  pattern: RegExp,
  accept: (match: string) => boolean = () => true,
): Detector {
  // Most texts hold nothing, and asking for that alone costs a fifth.
  const first = new RegExp(pattern, pattern.flags.replace('g', ''))
  const find = (text: string): Span[] => {
    if (!first.test(text)) return []
    const spans: Span[] = []
    // `matchAll` works on a copy, so nothing is remembered between texts.
    for (const match of text.matchAll(pattern)) {
      if (accept(match[0])) spans.push([match.index, match.index + match[0].length])
    }
    return spans
  }
  return { ...head, find }
}
