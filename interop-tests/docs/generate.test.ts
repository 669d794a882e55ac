import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { allCodes } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { errorsPage, ownErrors } from './errors-page.ts'
import { generatedPages } from './generate.ts'
import { repository } from './pages.ts'

describe('generated pages', () => {
  it.each(generatedPages)(
    '$path is what the code says; write it with: npm run -s docs:generate',
    async ({ path, text }) => {
      expect(await readFile(join(repository, path), 'utf8').catch(() => '')).toBe(await text())
    },
  )
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
