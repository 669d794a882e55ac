import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { allCodes, entryFacts, entryTypes } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { errorsPage, ownErrors } from './errors-page.ts'
import { generatedPages } from './generate.ts'
import { logFormatPage, schemaMembers } from './log-format-page.ts'
import { repository } from './pages.ts'

describe('generated pages', () => {
  it.each(generatedPages)(
    '$path is what the code says; write it with: npm run -s docs:generate',
    async ({ path, text }) => {
      expect(await readFile(join(repository, path), 'utf8').catch(() => '')).toBe(await text())
    },
  )
})

describe(logFormatPage, () => {
  it('lists every type of the closed list once, with what it means and what it can have', () => {
    const page = logFormatPage()
    for (const type of entryTypes)
      expect(page.match(new RegExp(`^\\| \`${type}\` \\| [A-Z].*\\. \\| \`.*\` \\|$`, 'gm'))).toHaveLength(1)
    expect(Object.keys(entryFacts).sort()).toEqual([...entryTypes].sort())
  })

  it('says of every member of the schema what it is, and in which types it stands', () => {
    const used = new Set(Object.values(entryFacts).flatMap(({ members }) => members))
    const members = schemaMembers()
    expect(members.filter((one) => !used.has(one))).toEqual(['fence'])
    expect([...used].filter((one) => !members.includes(one))).toEqual([])
    for (const member of members) expect(logFormatPage()).toContain(`| \`${member}\` |`)
  })
})

describe(errorsPage, () => {
  it('names every code that may cross a wire, and what to do', () => {
    const page = errorsPage()
    for (const code of allCodes)
      expect(page).toMatch(new RegExp(`^\\| \`${code}\` \\| [A-Z].*\\. \\| \\d{3} \\|.* \\|$`, 'm'))
  })

  it('finds the codes of every error class, each with what it means', () => {
    const all = ownErrors()
    expect(all.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'LedgerError',
        'HomeError',
        'ConnectError',
        'DriverError',
        'StorageError',
        'KeyFileError',
      ]),
    )
    for (const { name, codes } of all) expect(codes.length, name).toBeGreaterThan(0)
  })
})
