import { logEvents } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { sourceFiles } from './source.ts'

/** What takes any line: the loggers themselves, and the door for a logger from outside. */
const mayTakeAnyLine = ['node/src/create-kernel.ts', 'node/src/system-logger.ts']

const files = sourceFiles().filter((file) => ['node', 'mesh'].includes(file.package) && !file.isTest)
const LINE = /logger\.(debug|info|warn|error)\(\s*'([^']+)'/g

describe('the lines of a node', () => {
  it('are those of the table, and nothing in the table is never written', () => {
    const written = files.flatMap(({ text }) => [...text.matchAll(LINE)].map(([, level, event]) => `${event} ${level}`))
    const listed = Object.entries(logEvents).map(([event, { level }]) => `${event} ${level}`)
    expect([...new Set(written)].sort()).toEqual(listed.sort())
  })

  it('go through a logger that takes nothing else', () => {
    const free = files.filter(({ text }) => /(?<!Event)\bLogger\b/.test(text)).map(({ path }) => path)
    expect(free).toEqual(mayTakeAnyLine)
  })

  it('carry the call when they are about one', () => {
    const about = Object.entries(logEvents).filter(([event]) => event.startsWith('call.'))
    expect(about.length).toBeGreaterThan(2)
    for (const [event, { fields }] of about) expect(fields, event).toContain('call_id')
  })
})
