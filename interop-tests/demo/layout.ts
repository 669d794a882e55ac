/** Text in columns, before it is coloured. */

/** Control characters and what reorders text, which a terminal would obey, become their numbers; a line stays one. */
export function printable(text: string): string {
  return text.replace(/\p{C}|\u2028|\u2029/gu, (character) => {
    return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`
  })
}

/** At most `width` characters, with a mark where it was cut. */
export function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`
}

export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = ''
    }
    line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

/** Cut or filled up to exactly `width` characters. */
export function fill(text: string, width: number): string {
  return cut(text, width).padEnd(width)
}

/** Columns as wide as their widest cell. @returns a line for the heads and one for each row. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => (row[at] ?? '').length)))
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

export function duration(ms: number): string {
  return ms < 1000 ? `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}

/** A DID or a hash as people compare them: beginning and end. */
export function short(text: string): string {
  return text.length <= 24 ? text : `${text.slice(0, 12)}…${text.slice(-8)}`
}
