import { describe, expect, it } from 'vitest'
import { continuedPage, fencesOf } from './fences.ts'
import { stepsOf } from './steps.ts'

const page = (...lines: string[]) => fencesOf('page.md', lines.join('\n'))

describe('fences of a page', () => {
  it('know their line, their marks and the comment above them', () => {
    const [fence] = page('Text', '<!-- given: const a = 1 -->', '', '```ts no-run=drawing', 'x', '```')
    expect(fence).toMatchObject({ line: 4, language: 'ts', text: 'x\n', comment: 'given: const a = 1' })
    expect(fence?.marks).toEqual(new Map([['no-run', 'drawing']]))
  })

  it('lose the indent of the list that they stand in', () => {
    expect(page('- item', '  ```sh', '  a', '    b', '  ```')[0]?.text).toBe('a\n  b\n')
  })

  it('that are not closed are named', () => {
    expect(() => page('', '```sh', 'a')).toThrow('page.md:2')
  })

  it('may start from where another page ends', () => {
    expect(continuedPage('# Title\n<!-- continues ../quickstart.md -->\n')).toBe('../quickstart.md')
    expect(continuedPage('# Title')).toBeUndefined()
  })
})

describe('steps of a page', () => {
  const faultOf = (...lines: string[]) => stepsOf(page(...lines)).faults[0]?.reason
  const stepOf = (...lines: string[]) => stepsOf(page(...lines)).steps[0]

  it('are commands with what they print, right below', () => {
    expect(stepOf('```sh', 'a', '```', '', '```', 'out', '```')).toMatchObject({
      kind: 'commands',
      script: 'a\n',
      expected: { line: 6, text: 'out\n' },
    })
  })

  it('are commands between their output, and keep their lines', () => {
    expect(stepOf('```console', '$ a', 'one', '$ b', 'two', '```')).toMatchObject({
      kind: 'commands',
      script: 'a\n\nb\n\n',
      expected: { line: 3, text: 'one\n...\ntwo\n' },
    })
  })

  it('are files, which a comment names', () => {
    expect(stepOf('```yaml', '# orga/policy.yaml', 'rules: []', '```')).toMatchObject({
      kind: 'file',
      path: 'orga/policy.yaml',
    })
    expect(faultOf('```yaml', '# ../policy.yaml', 'rules: []', '```')).toContain('leaves')
  })

  it.each([
    ['output of nothing', ['```', 'out', '```']],
    ['output with text between', ['```sh', 'a', '```', 'prints', '```', 'out', '```']],
    ['a second output', ['```sh', 'a', '```', '```', 'out', '```', '```', 'out', '```']],
    ['a language that nothing runs', ['```ruby', 'puts 1', '```']],
    ['a reason that is not on the list', ['```sh no-run=tedious', 'a', '```']],
    ['a mark that is not known', ['```sh norun=needs-root', 'a', '```']],
    ['a console block without a command', ['```console', 'a', '```']],
  ])('are not made of %s', (_, lines) => {
    expect(faultOf(...lines)).toBeTypeOf('string')
  })
})
