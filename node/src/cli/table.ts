import { type Style, shownWidth } from './print.ts'

/** Lines of two columns: names, and what they are. Further lines of a value stay in its column: none passes for a fact. */
export function facts(style: Style, members: readonly (readonly [name: string, value: string | undefined])[]): string {
  const given = members.filter((member): member is [string, string] => member[1] !== undefined)
  const width = Math.max(0, ...given.map(([name]) => name.length))
  const column = ' '.repeat(width + 2)
  const inColumn = (value: string) => value.replace(/\n( *)/g, (_, spaces: string) => `\n${wider(spaces, column)}`)
  return given.map(([name, value]) => `${style.dim(name.padEnd(width))}  ${inColumn(value)}`).join('\n')
}

function wider(one: string, other: string): string {
  return one.length > other.length ? one : other
}

/** Columns as wide as their widest cell; the last one is not padded. A cell is one line, so no text passes for a row. */
export function table(style: Style, heads: readonly string[], given: readonly (readonly string[])[]): string {
  const rows = given.map((cells) => cells.map(oneLine))
  const widths = heads.map((head, at) => Math.max(shownWidth(head), ...rows.map((row) => shownWidth(row[at] ?? ''))))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => (at === cells.length - 1 ? cell : cell + ' '.repeat((widths[at] ?? 0) - shownWidth(cell))))
      .join('  ')
  return [line(heads.map((head) => style.dim(head))), ...rows.map(line)].join('\n')
}

function oneLine(text: string): string {
  return text.replace(/[\n\r\t]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** `1 call`, `2 calls`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

/** Seconds as the two largest of days, hours, minutes and seconds. */
export function duration(seconds: number): string {
  const units = [
    ['d', Math.floor(seconds / 86_400)],
    ['h', Math.floor(seconds / 3600) % 24],
    ['min', Math.floor(seconds / 60) % 60],
    ['s', Math.floor(seconds) % 60],
  ] as const
  const first = units.findIndex(([, count]) => count > 0)
  if (first < 0) return '0 s'
  return units
    .slice(first, first + 2)
    .filter(([, count]) => count > 0)
    .map(([unit, count]) => `${count} ${unit}`)
    .join(' ')
}

/** Unix seconds as a date and time in UTC. */
export function time(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
}

/** `12.3 MiB`. */
export function bytes(count: number): string {
  if (count < 1024) return `${count} B`
  const units = ['KiB', 'MiB', 'GiB', 'TiB']
  const power = Math.min(Math.floor(Math.log2(count) / 10), units.length)
  return `${(count / 1024 ** power).toFixed(1)} ${units[power - 1]}`
}

/** 0 to 1 as `81 %`. */
export function percent(part: number): string {
  return `${Math.floor(part * 100)} %`
}
