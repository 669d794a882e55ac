/** Links between the pages, into the code, and from the threat model to the tests that prove it. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { allPages, repository } from './pages.ts'

type Link = { page: string; line: number; text: string; target: string }

const pages = allPages()

/** Links to files; not those to the web, and none inside fences. */
function linksOf({ path, text, fences }: (typeof pages)[number]): Link[] {
  const fenced = new Set(fences.flatMap(({ line, text: body }) => body.split('\n').map((_, at) => line + at)))
  return text
    .split('\n')
    .flatMap((row, at) =>
      fenced.has(at + 1)
        ? []
        : [...row.matchAll(/(?<!!)\[((?:[^[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)/g)]
            .filter(([, , target = '']) => !/^(?:https?:|mailto:)/.test(target))
            .map(([, label = '', target = '']) => ({ page: path, line: at + 1, text: label, target })),
    )
}

/** As GitHub makes them of headings. */
function anchorsOf(path: string): string[] {
  return [...readFileSync(path, 'utf8').matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

const links = pages.flatMap(linksOf)

describe('links in the documentation', () => {
  it('lead to files and headings that are there', () => {
    const dead = links.filter(({ page, target }) => {
      const [file = '', anchor] = target.split('#')
      const path = file === '' ? join(repository, page) : join(repository, dirname(page), decodeURIComponent(file))
      if (!existsSync(path)) return true
      return anchor !== undefined && path.endsWith('.md') && !anchorsOf(path).includes(anchor)
    })
    expect(links.length).toBeGreaterThan(60)
    expect(dead.map(({ page, line, target }) => `${page}:${line}: ${target}`)).toEqual([])
  })

  it('reach every page of docs from docs/README.md', () => {
    const reached = new Set(['docs/README.md'])
    for (const page of reached)
      for (const { target } of links.filter((link) => link.page === page)) {
        const path = join(dirname(page), target.split('#')[0] ?? '')
        if (pages.some((one) => one.path === path)) reached.add(path)
      }
    const all = pages
      .map(({ path }) => path)
      .filter((path) => path.startsWith('docs/') && !path.includes('/decisions/'))
    expect(all.filter((path) => !reached.has(path))).toEqual([])
  })
})

describe('the threat model', () => {
  const page = pages.find(({ path }) => path === 'docs/threat-model.md')
  const proofs = links.filter(({ page: from, target }) => from === page?.path && target.endsWith('.test.ts'))

  it('names tests by titles that they have', () => {
    const missing = proofs.filter(({ text, target }) => {
      const source = readFileSync(join(repository, 'docs', target), 'utf8')
      return !source.includes(text) && !source.includes(text.replaceAll("'", "\\'"))
    })
    expect(missing.map(({ line, text, target }) => `${line}: ${target} has no "${text}"`)).toEqual([])
  })

  it('has all 29 threats, each with code and at least one test', () => {
    const sections = page?.text.split(/^### /m).slice(1) ?? []
    expect(sections.map((section) => /^T\d+/.exec(section)?.[0])).toEqual(
      Array.from({ length: 29 }, (_, at) => `T${at + 1}`),
    )
    for (const section of sections) {
      expect(section).toMatch(/Code: \[/)
      expect(section).toMatch(/^- \[.*\.test\.ts\)$/m)
    }
  })
})
