/** One line of the log of a node, for people: time, level, event, and its fields. */
import type { LogLine } from '@hansa/protocols'
import type { Style } from './print.ts'

/** Fields that have several lines of their own; they go below. */
const below: ReadonlySet<string> = new Set(['at', 'faults', 'stack'])

export function lineText(style: Style, { level, time, event, ...fields }: LogLine): string {
  const { debug, info, warn, error } = { debug: style.dim, info: style.good, warn: style.warn, error: style.bad }
  const word = { debug, info, warn, error }[level](level.padEnd(5))
  const given = Object.entries(fields).filter(([, value]) => value !== undefined && value !== '')
  const beside = given
    .filter(([name]) => !below.has(name))
    .map(([name, value]) => `${style.dim(`${name}=`)}${plain(value)}`)
  const under = given.filter(([name]) => below.has(name)).flatMap(([, value]) => indented(style, String(value)))
  return [[style.dim(time), word, style.name(event), ...beside].join('  '), ...under].join('\n')
}

/** As it is where nobody can take it for several fields; else as a string of JSON. */
function plain(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return /^[\p{L}\p{N}_.:/#@+*()?-]+$/u.test(text) ? text : JSON.stringify(text)
}

/** So that no text can pass for a line of its own. */
function indented(style: Style, text: string): string[] {
  return text.split(/\r\n|[\n\r\u2028\u2029]/).map((line) => style.dim(`    ${line}`))
}
