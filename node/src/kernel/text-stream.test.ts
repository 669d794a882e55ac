import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HOLD_BACK, MAX_STREAMED, TextStream } from './text-stream.ts'

/** What is out, and what may be; `hides` stands for a detector. */
function stream(hides?: RegExp) {
  const said: string[] = []
  const screened = (text: string) => (hides?.test(text) ? undefined : text)
  const made = new TextStream({ screened, say: (piece) => said.push(piece) })
  let at = 0
  const add = (piece: string) => {
    made.add(piece, at)
    at += piece.length
  }
  return { said, made, add }
}

describe(TextStream, () => {
  it('says the beginning of the text, and holds back its end', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 700 }), { maxLength: 12 }), (pieces) => {
        const { said, add } = stream()
        for (const piece of pieces) add(piece)
        const [whole, out] = [pieces.join(''), said.join('')]
        expect(whole.startsWith(out)).toBe(true)
        expect(out.length).toBeLessThanOrEqual(Math.max(0, whole.length - HOLD_BACK))
        expect(out.isWellFormed() || !whole.isWellFormed()).toBe(true)
      }),
    )
  })

  it('lets nothing out of what spans two pieces, however it is cut', () => {
    const secret = 'BEGIN SECRET'
    fc.assert(
      fc.property(fc.nat(secret.length), fc.nat(2_000), (cut, before) => {
        const { said, add } = stream(/BEGIN SECRET/)
        const text = `${'a'.repeat(before)}${secret}${'b'.repeat(3_000)}`
        for (const piece of [text.slice(0, before + cut), text.slice(before + cut)]) add(piece)
        expect(said.join('')).toMatch(/^a*$/)
      }),
    )
  })

  it('says nothing more once what it said would have been something else', () => {
    const said: string[] = []
    let shown = (text: string) => text
    const made = new TextStream({ screened: (text) => shown(text), say: (piece) => said.push(piece) })
    made.add('a'.repeat(HOLD_BACK + 300), 0)
    shown = (text) => text.replaceAll('a', 'x')
    made.add('b'.repeat(600), HOLD_BACK + 300)
    shown = (text) => text
    made.add('c'.repeat(600), HOLD_BACK + 900)
    expect(said).toEqual(['a'.repeat(300)])
  })

  it('says nothing behind a gap', () => {
    const { said, made } = stream()
    made.add('a'.repeat(HOLD_BACK + 300), 0)
    made.add('b'.repeat(2_000), HOLD_BACK + 301)
    expect(said).toEqual(['a'.repeat(300)])
  })

  it('ends early for a text that is very long', () => {
    const { said, add } = stream()
    for (let length = 0; length < MAX_STREAMED + 10_000; length += 1_000) add('a'.repeat(1_000))
    expect(said.join('').length).toBeLessThanOrEqual(MAX_STREAMED)
    expect(said.join('').length).toBeGreaterThan(MAX_STREAMED - 2_000)
  })
})
