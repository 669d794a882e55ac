/**
 * The demo on the terminal: sections, what is happening, what was seen, and why. Everything that is printed goes through
 * here; with `--json` nothing is. Lines are laid out as plain text and coloured last.
 */
import { bold, cyan, dim, green, magenta, red, yellow } from 'yoctocolors'
import { columns, cut, duration, fill, printable, wrap } from './layout.ts'
import { LiveLine } from './live-line.ts'
import { LiveTable } from './live-table.ts'
import type { Organisation, Outcome } from './report.ts'

export interface Story {
  /** @param about who takes part, a line each. */
  title(heading: string, about: readonly string[]): void
  section(title: string, why: string): void
  /** A command as somebody types it. */
  command(line: string): void
  /** What is waited for; replaced by whatever is printed next. */
  doing(text: string): void
  /** Something was done and is as it should be. */
  done(text: string, ms?: number): void
  /** A call, in plain words. */
  call(text: string, what: { outcome: Outcome; code?: string; ms: number }): void
  /** What one side did, and why. */
  side(who: Organisation, did: string, why: string): void
  /** An explanation, without colour. */
  note(text: string): void
  /** Arguments. */
  sent(lines: readonly string[]): void
  /** A result as it arrived. */
  received(lines: readonly string[]): void
  /** A table that changes while it is watched: drawn over itself, replaced by whatever is printed next. The first row is the heads. */
  watched(rows: readonly (readonly string[])[]): void
  /** The first row is the heads. */
  table(rows: readonly (readonly string[])[]): void
  failed(step: string, reason: string, log: readonly string[]): void
  end(verdict: string, lines: readonly string[]): void
}

export type Screen = {
  write(text: string): void
  colours: boolean
  /** Whether a line can be drawn over. */
  live: boolean
  columns: number
}

const MAX_WIDTH = 100
const INDENT = '       '
const nothing = () => {}

export const silentStory: Story = {
  title: nothing,
  section: nothing,
  command: nothing,
  doing: nothing,
  done: nothing,
  call: nothing,
  side: nothing,
  note: nothing,
  sent: nothing,
  received: nothing,
  watched: nothing,
  table: nothing,
  failed: nothing,
  end: nothing,
}

export function terminalStory(screen: Screen): Story {
  const width = Math.min(screen.columns, MAX_WIDTH)
  const paints = screen.colours ? colourful : colourless
  const line = screen.live ? new LiveLine((text) => screen.write(named(text))) : undefined
  const board = screen.live ? new LiveTable((text) => screen.write(named(text))) : undefined
  const named = (text: string) =>
    text
      .replaceAll(/\borga\b/g, paints.orga)
      .replaceAll(/\borgb\b/g, paints.orgb)
      .replaceAll(/\[redacted[^\]]*\]/g, paints.warn)
  const print = (text = '', paint = paints.plain) => {
    line?.clear()
    board?.clear()
    screen.write(`${text === '' ? '' : paint(named(text))}\n`)
  }
  const wrapped = (text: string, first: string, rest: string) => {
    for (const [at, part] of wrap(printable(text), width - rest.length).entries())
      print((at === 0 ? first : rest) + paints.dim(part))
  }
  const ticked = (text: string, right = '', paint = paints.dim) => {
    const room = width - 4 - (right === '' ? 0 : right.length + 1)
    for (const [at, part] of wrap(printable(text), room).entries()) {
      if (at > 0) print(`    ${part}`)
      else print(`  ${paints.good('✓')} ${right === '' ? part : `${fill(part, room)} ${paint(right)}`}`)
    }
  }
  const listed = (mark: string, lines: readonly string[]) => {
    for (const text of lines) print(`${INDENT}${paints.dim(mark)} ${cut(printable(text), width - INDENT.length - 2)}`)
  }
  const outcomePaints: Record<Outcome, Paint> = { released: paints.good, refused: paints.warn, approval: paints.ask }
  const didPaints: Record<string, Paint> = {
    permits: paints.good,
    refuses: paints.warn,
    hides: paints.warn,
    asks: paints.ask,
  }
  let sections = 0
  let callsInSection = 0

  return {
    title(heading, about) {
      print()
      print(`  ${paints.bold('HANSA')}   ${heading}`)
      print()
      for (const text of about) print(`  ${text}`)
      wrapped('Each has its own policy, its own firewall and its own log. Neither has to trust the other.', '  ', '  ')
    },
    section(title, why) {
      sections += 1
      callsInSection = 0
      print()
      print()
      print(paints.bold(`${String(sections).padStart(4)}  ${title}`))
      wrapped(why, '      ', '      ')
      print()
    },
    command(text) {
      for (const [at, part] of wrap(printable(text), width - INDENT.length - 2).entries())
        print(`${INDENT}${at === 0 ? '$' : ' '} ${paints.bold(part)}`)
    },
    doing(text) {
      board?.clear()
      line?.show(cut(printable(text), width - 4))
    },
    watched(rows) {
      line?.clear()
      const lines = columns(rows).map((text) => `  ${cut(printable(text), width - 2)}`)
      board?.show(lines.map((text, at) => (at === 0 ? paints.dim(text) : text)))
    },
    done: (text, ms) => ticked(text, ms === undefined ? '' : duration(ms)),
    call(text, { outcome, code, ms }) {
      if (callsInSection++ > 0) print()
      const right = [outcome, ...(code === undefined ? [] : [code])].join(', ')
      ticked(text, `${right.padEnd(26)}${duration(ms).padStart(8)}`, (all) => {
        return outcomePaints[outcome](all.slice(0, right.length)) + paints.dim(all.slice(right.length))
      })
    },
    side(who, did, why) {
      const paint = didPaints[did] ?? paints.plain
      wrapped(
        why,
        `${INDENT}${who}  ${paint(did)}${' '.repeat(Math.max(1, 11 - did.length))}`,
        `${INDENT}${' '.repeat(17)}`,
      )
    },
    note: (text) => wrapped(text, INDENT, INDENT),
    sent: (lines) => listed('→', lines),
    received: (lines) => listed('←', lines),
    table(rows) {
      const outcome = (all: string, word: string) => all.replace(word, outcomePaints[word as Outcome])
      for (const [at, text] of columns(rows).entries()) {
        const line = `  ${cut(text, width - 2)}`
        print(at === 0 ? paints.dim(line) : line.replace(/ (released|refused|approval) /, outcome))
      }
    },
    failed(step, reason, log) {
      print()
      print(`  ${paints.bad('✗')} ${paints.bold(step)}`)
      for (const text of reason.split('\n')) print(`    ${printable(text)}`)
      if (log.length > 0) print('\n    The last that the processes wrote:', paints.dim)
      for (const text of log) print(`    ${printable(text)}`, paints.dim)
    },
    end(verdict, lines) {
      print()
      print(`  ${paints.good('✓')} ${paints.bold(verdict)}`)
      for (const text of lines) print(`    ${printable(text)}`)
      print()
    },
  }
}

type Paint = (text: string) => string
type Paints = Record<'plain' | 'bold' | 'dim' | 'good' | 'warn' | 'bad' | 'ask' | 'orga' | 'orgb', Paint>

const plain: Paint = (text) => text
const colourful: Paints = {
  plain,
  bold,
  dim,
  good: green,
  warn: yellow,
  bad: red,
  ask: magenta,
  orga: cyan,
  orgb: magenta,
}
const colourless = Object.fromEntries(Object.keys(colourful).map((name) => [name, plain])) as Paints
