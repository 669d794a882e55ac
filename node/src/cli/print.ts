/**
 * The only file that writes to the terminal: results to standard output, everything else to standard error.
 *
 * What a peer says reaches the screen of an operator here, so text is made printable as a whole, after it was put
 * together: control characters and direction overrides are shown by their number. Colours are marks in the text until
 * then, which is why no caller can forget to clean what it shows.
 */
import type { Writable } from 'node:stream'
import type { RefusedBy } from '@hansa/protocols'
import { bold, cyan, dim, green, red, yellow } from 'yoctocolors'

export type Stream = Writable & { isTTY?: boolean }
export type Style = Record<'bold' | 'dim' | 'good' | 'warn' | 'bad' | 'name', (text: string) => string>

/** What is told about a failure; with `--json` exactly this, as the member `error`. */
export type Fault = {
  code: string
  /** What happened. */
  message: string
  /** What to do about it. */
  remedy?: string
  denialId?: string
  callId?: string
  stage?: string
  approvalId?: string
  /** The other kernel, where it has signed that it refused. */
  refusedBy?: RefusedBy
  /** What the capability itself says of its failure: text of a stranger. */
  said?: string
}

export interface Print {
  /** With `--json` the value as one line of JSON; else the text that `render` makes of it. */
  result(value: unknown, render: (style: Style) => string): void
  /** Something for people beside the result; nothing with `--json`. */
  note(render: (style: Style) => string): void
  fault(fault: Fault): void
  /** Whether a person watches standard error: then progress may be drawn there. */
  readonly watched: boolean
}

export type PrintInit = { json: boolean; stdout: Stream; stderr: Stream }

/** Marks from the private use area; foreign text that holds one can change a colour and nothing else. */
const CLOSE = '\uE000'
const marks = { bold: '\uE001', dim: '\uE002', good: '\uE003', warn: '\uE004', bad: '\uE005', name: '\uE006' } as const
const paints: Readonly<Record<string, (text: string) => string>> = {
  [marks.bold]: bold,
  [marks.dim]: dim,
  [marks.good]: green,
  [marks.warn]: yellow,
  [marks.bad]: red,
  [marks.name]: cyan,
}
const MARKED = /([\uE001-\uE006])([^\uE000-\uE006]*)\uE000/g
const ANY_MARK = /[\uE000-\uE006]/g

const style = Object.fromEntries(
  Object.entries(marks).map(([name, mark]) => [name, (text: string) => `${mark}${text.replace(ANY_MARK, '')}${CLOSE}`]),
) as Style

export function createPrint({ json, stdout, stderr }: PrintInit): Print {
  const write = (stream: Stream, text: string) =>
    void stream.write(`${painted(printable(text), stream.isTTY === true)}\n`)
  return {
    watched: !json && stderr.isTTY === true,
    result(value, render) {
      if (json) stdout.write(`${jsonLine(value)}\n`)
      else write(stdout, render(style))
    },
    note(render) {
      if (!json) write(stderr, render(style))
    },
    fault(fault) {
      if (json) stdout.write(`${jsonLine({ error: fault })}\n`)
      else write(stderr, faultText(fault))
    },
  }
}

/** Characters that a text takes on screen, without marks. */
export function shownWidth(text: string): number {
  return printable(text).replace(ANY_MARK, '').length
}

/** Control characters but line feed and tab, and what reorders or hides text, become `\u001b` and the like. */
export function printable(text: string): string {
  return text.replace(/[^\P{C}\n\t\uE000-\uE006]|\u2028|\u2029/gu, (character) =>
    [...character].map((one) => `\\u${(one.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`).join(''),
  )
}

function painted(text: string, colours: boolean): string {
  const paint = (_all: string, mark: string, inner: string) => (colours ? (paints[mark]?.(inner) ?? inner) : inner)
  return text.replace(MARKED, paint).replace(ANY_MARK, '')
}

/** JSON escapes only the first control characters; a terminal obeys others too. */
function jsonLine(value: unknown): string {
  return JSON.stringify(value ?? null).replace(/[\u007f-\u009f\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

function faultText({ message, remedy, denialId, callId, stage, refusedBy, said }: Fault): string {
  const ids = { 'refused by': refusedBy?.did, 'denial id': denialId, 'call id': callId }
  const facts = Object.entries({ 'it says': said, stage, ...ids }).flatMap(([name, value]) =>
    value === undefined ? [] : `  ${style.dim(`${name}: ${value}`)}`,
  )
  const lines = [`${style.bad('hansa:')} ${message}`, ...facts]
  if (remedy !== undefined) lines.push(`  ${remedy}`)
  return lines.join('\n')
}
