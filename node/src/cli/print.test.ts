import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createPrint, printable, shownWidth } from './print.ts'
import { memoryStream } from './testing/run-cli.ts'

function printing({ json = false, tty = false } = {}) {
  const [stdout, stderr] = [memoryStream(tty), memoryStream(tty)]
  return { print: createPrint({ json, stdout, stderr }), stdout, stderr }
}

const ESCAPE = '\u001b'

describe(printable, () => {
  it.each([
    ['an escape sequence', `${ESCAPE}[2J`, '\\u001b[2J'],
    ['a carriage return that overwrites the line', 'refused\rallowed', 'refused\\u000dallowed'],
    ['an eight-bit control sequence', '\u009b31m', '\\u009b31m'],
    ['an override of direction', 'abc\u202etxt', 'abc\\u202etxt'],
    ['what takes no space', 'a\u200bb\u00adc', 'a\\u200bb\\u00adc'],
    ['a separator of lines', 'a\u2028b', 'a\\u2028b'],
    ['half a surrogate pair', 'a\ud800b', 'a\\ud800b'],
    ['text of any script', 'Grüße\tΓειά 你好 🙂\n', 'Grüße\tΓειά 你好 🙂\n'],
  ])('shows %s', (_what, text, shown) => {
    expect(printable(text)).toBe(shown)
  })

  it('leaves nothing that a terminal obeys, whatever a peer says', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        const { print, stdout } = printing({ tty: true })
        print.result(null, (style) => `${text}${style.bold(text)}`)
        const colours = new RegExp(`${ESCAPE}\\[(?:1|2|22|3[0-9]|39|9[0-9])m`, 'g')
        expect(stdout.text().replaceAll(colours, '')).not.toMatch(/[^\P{C}\n\t]/u)
      }),
    )
  })
})

describe(createPrint, () => {
  it('writes results to standard output and notes to standard error', () => {
    const { print, stdout, stderr } = printing()
    print.result({ a: 1 }, (style) => style.good('one'))
    print.note((style) => style.bad('two'))
    expect([stdout.text(), stderr.text()]).toEqual(['one\n', 'two\n'])
  })

  it('with --json writes one line of JSON and nothing for people', () => {
    const { print, stdout, stderr } = printing({ json: true, tty: true })
    print.note(() => 'a note')
    print.result({ text: `a${ESCAPE}b\u009bc` }, () => 'text')
    expect(stdout.text()).toBe('{"text":"a\\u001bb\\u009bc"}\n')
    expect(JSON.parse(stdout.text())).toEqual({ text: `a${ESCAPE}b\u009bc` })
    expect([stderr.text(), print.watched]).toEqual(['', false])
  })

  it('with --json answers a failure on standard output too', () => {
    const { print, stdout, stderr } = printing({ json: true })
    print.fault({ code: 'policy_denied', message: 'no', denialId: 'd' })
    expect(JSON.parse(stdout.text())).toEqual({ error: { code: 'policy_denied', message: 'no', denialId: 'd' } })
    expect(stderr.text()).toBe('')
  })

  it('shows a failure with its facts and what to do', () => {
    const { print, stderr } = printing()
    print.fault({ code: 'x', message: 'It failed.', stage: 'policy', denialId: 'd', callId: 'c', remedy: 'Do this.' })
    expect(stderr.text()).toBe('hansa: It failed.\n  stage: policy\n  denial id: d\n  call id: c\n  Do this.\n')
  })

  it('counts what is on screen and not its colours', () => {
    const { print, stdout } = printing()
    print.result(null, (style) => `${shownWidth(style.name('four'))} ${shownWidth(ESCAPE)}`)
    expect(stdout.text()).toBe('4 6\n')
  })
})
