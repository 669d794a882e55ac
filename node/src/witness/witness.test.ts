import { hash } from 'node:crypto'
import { exchangePaths, memoryStore, type Store } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { consistencyPath, encodeBase64url, leafHash, rootOf, sha256 } from '@hansa/trust'
import {
  cosignerKey,
  formatCheckpoint,
  formatSubmission,
  noteKey,
  parseCosignerVkey,
  parseSubmission,
  verifyCheckpoint,
  verifyCosignatures,
} from '@hansa/trust/ledger'
import { describe, expect, it } from 'vitest'
import { RefusalCounter } from '../exchange/refusal-counter.ts'
import { serveWitness } from './serve-witness.ts'
import { WitnessBook } from './witness-book.ts'

const NOW = 1_800_000_000
const log = noteKey('alice.example/hansa/log/1', sha256('log of alice'))
const mallory = noteKey('alice.example/hansa/log/1', sha256('log of mallory'))
const key = cosignerKey('bob.example/witness', sha256('witness of bob'))
const leaves = Array.from({ length: 20 }, (_, n) => leafHash(Buffer.from(`entry ${n}`)))

type Of = { by?: typeof log; of?: readonly Uint8Array[] }
const noteOf = (size: number, { by = log, of = leaves }: Of = {}) =>
  by.sign(formatCheckpoint({ origin: log.name, size, root: encodeBase64url(rootOf(of.slice(0, size))) }))
const request = (from: number, to: number, { by = log, of = leaves }: Of = {}) => {
  const path = from === 0 ? [] : consistencyPath(of.slice(0, to), from)
  return formatSubmission(from, path.map(encodeBase64url), noteOf(to, { by, of }))
}

async function witness({ store = memoryStore(), known = true }: { store?: Store; known?: boolean } = {}) {
  const clock = manualClock(NOW * 1000)
  const forks: string[][] = []
  const book = await WitnessBook.open({
    store,
    clock,
    key,
    keysOf: (origin) => (known && origin === log.name ? [log.vkey] : []),
    forked: (...notes) => void forks.push(notes),
  })
  const appended = { seq: 0, tMs: 0, leafHash: '', durable: Promise.resolve() }
  const refusals = new RefusalCounter({ clock, append: () => appended })
  const { addCheckpoint, witnessed } = serveWitness({ book, clock, refusals })
  const post = async (text: string, source = '192.0.2.1') => {
    const reply = await addCheckpoint({
      path: exchangePaths.addCheckpoint,
      method: 'POST',
      body: Buffer.from(text),
      source,
    })
    return { status: reply.status, type: reply.contentType, text: Buffer.from(reply.body).toString() }
  }
  const get = async (origin: string) => {
    const path = `/hansa/witness/${hash('sha256', origin, 'hex')}/checkpoint`
    const reply = await witnessed({ path, method: 'GET', body: new Uint8Array(), source: '192.0.2.1' })
    return { status: reply.status, text: Buffer.from(reply.body).toString() }
  }
  return { book, store, clock, post, get, forks }
}

const timesIn = (note: string) => {
  const parsed = parseCosignerVkey(key.vkey)
  const verdict = parsed.ok ? verifyCosignatures(note, [parsed.verifier]) : undefined
  return verdict?.ok === true ? verdict.cosignatures.map(({ time }) => time) : undefined
}

describe('a witness', () => {
  it('cosigns a log from its beginning on, each time with the time', async () => {
    const { post, clock, book } = await witness()
    const first = await post(request(0, 3))
    expect(first).toMatchObject({ status: 200, type: 'text/plain; charset=utf-8' })
    expect(timesIn(noteOf(3) + first.text)).toEqual([NOW])
    clock.advance(5_000)
    expect(timesIn(noteOf(7) + (await post(request(3, 7))).text)).toEqual([NOW + 5])
    expect(timesIn(noteOf(7) + (await post(request(7, 7))).text)).toEqual([NOW + 5])
    expect(book.list()).toMatchObject([{ checkpoint: { origin: log.name, size: 7 }, time: NOW + 5 }])
  })

  it('says which size it cosigned last to whoever does not know', async () => {
    const { post } = await witness()
    await post(request(0, 3))
    expect(await post(request(0, 7))).toEqual({ status: 409, type: 'text/x.tlog.size', text: '3\n' })
    expect(await post(request(5, 7))).toEqual({ status: 409, type: 'text/x.tlog.size', text: '3\n' })
  })

  it('shows what it cosigned, with the line of the log and its own and no other', async () => {
    const { post, get } = await witness()
    expect((await get(log.name)).status).toBe(404)
    const stranger = cosignerKey('stranger.example', sha256('stranger'))
    const note = noteOf(3)
    await post(`old 0\n\n${note}${stranger.cosign(note.slice(0, note.lastIndexOf('\n\n') + 1), NOW)}`)
    const shown = await get(log.name)
    expect(verifyCheckpoint(shown.text, log.vkey)).toMatchObject({ ok: true, checkpoint: { size: 3 } })
    expect(timesIn(shown.text)).toEqual([NOW])
    expect(shown.text).not.toContain('stranger')
  })

  it('remembers over a restart, so that mallory cannot have an older history cosigned', async () => {
    const { post, store } = await witness()
    await post(request(0, 9))
    const again = await witness({ store })
    const forked = leaves.with(1, leafHash(Buffer.from('another entry')))
    expect((await again.post(request(0, 5, { of: forked }))).status).toBe(409)
    expect((await again.post(request(5, 9, { of: forked }))).status).toBe(409)
    expect((await again.post(request(9, 12))).status).toBe(200)
  })

  it('answers only when what it cosigned is kept, and not when it cannot be', async () => {
    const store = memoryStore()
    const gate = Promise.withResolvers<void>()
    const slow: Store = { ...store, set: async (...pair) => gate.promise.then(() => store.set(...pair)) }
    const { post } = await witness({ store: slow })
    const answer = post(request(0, 3))
    const first = await Promise.race([answer, new Promise((resolve) => setImmediate(() => resolve('waits')))])
    expect(first).toBe('waits')
    gate.resolve()
    expect((await answer).status).toBe(200)
    const broken: Store = { ...memoryStore(), set: () => Promise.reject(new Error('disk')) }
    const { post: fail, book } = await witness({ store: broken })
    await expect(fail(request(0, 3))).rejects.toThrow('disk')
    expect(book.list()).toEqual([])
  })

  it('lets one of two requests win that race, and tells the other what is cosigned', async () => {
    const store = memoryStore()
    const slow: Store = {
      ...store,
      set: (...pair) => new Promise((resolve) => setImmediate(() => resolve(store.set(...pair)))),
    }
    const { post, book } = await witness({ store: slow })
    await post(request(0, 1))
    const answers = await Promise.all([post(request(1, 5)), post(request(1, 3))])
    expect(answers.map(({ status }) => status)).toEqual([200, 409])
    expect(answers[1]?.text).toBe('5\n')
    expect(book.list()).toMatchObject([{ checkpoint: { size: 5 } }])
  })

  it.each([
    [404, 'a log that it does not know', request(0, 3), false],
    [403, 'what mallory signed under the name of the log', request(0, 3, { by: mallory }), true],
    [
      422,
      'the proof of another history',
      request(3, 7).replace(noteOf(7), noteOf(7, { of: leaves.toReversed() })),
      true,
    ],
    [400, 'something else', 'hello', true],
  ])('answers %i to %s, and keeps nothing', async (status, _what, text, known) => {
    const store = memoryStore()
    if (status === 422) await (await witness({ store })).post(request(0, 3))
    const { post, book } = await witness({ store, known })
    const before = book.list()
    const reply = await post(text)
    expect(reply.status).toBe(status)
    expect(reply.text).not.toContain('—')
    expect(book.list()).toEqual(before)
  })

  it('says so when a log has signed two roots of one size', async () => {
    const { post, forks } = await witness()
    await post(request(0, 3))
    expect((await post(formatSubmission(3, [], noteOf(3, { of: leaves.toReversed() })))).status).toBe(422)
    expect(forks.map((notes) => notes.map((note) => verifyCheckpoint(note, log.vkey).ok))).toEqual([[true, true]])
  })

  it('does not start with a record that it cannot read', async () => {
    const store = memoryStore()
    await store.set('node.witness', log.name, '{"v":1}')
    await expect(witness({ store })).rejects.toThrow(/cannot be read/)
  })

  it('cosigns for a log however many strangers send what it did not sign, and what it did', async () => {
    const [kept, writes] = [memoryStore(), [] as string[]]
    const store: Store = { ...kept, set: (...pair) => kept.set(...pair).finally(() => writes.push(pair[1])) }
    const { post } = await witness({ store })
    await post(request(0, 3))
    const [forged, copied] = [request(0, 3, { by: mallory }), request(3, 3)]
    for (let n = 0; n < 6_100; n++) {
      const [text, status] = n % 10 === 0 ? [copied, 200] : [forged, 403]
      expect((await post(text, `2001:db8::${(n % 700).toString(16)}`)).status).toBe(status)
    }
    expect(writes).toHaveLength(1)
    expect((await post(request(3, 7))).status).toBe(200)
  })

  it('writes 600 checkpoints of one log a minute, and no more', async () => {
    const grown = Array.from({ length: 601 }, (_, n) => leafHash(Buffer.from(`entry ${n}`)))
    const { post, clock, book } = await witness()
    for (let n = 0; n < 600; n++) expect((await post(request(n, n + 1, { of: grown }))).status).toBe(200)
    expect((await post(request(600, 601, { of: grown }))).status).toBe(503)
    expect(book.list()).toMatchObject([{ checkpoint: { size: 600 } }])
    clock.advance(61_000)
    expect((await post(request(600, 601, { of: grown }))).status).toBe(200)
  })

  it('keeps nothing for a thousand origins that mallory makes up', async () => {
    const { book } = await witness()
    for (let n = 0; n < 1000; n++) {
      const stranger = noteKey(`mallory.example/${n}`, sha256('mallory'))
      const root = encodeBase64url(rootOf(leaves))
      const submission = parseSubmission(
        Buffer.from(`old 0\n\n${stranger.sign(formatCheckpoint({ origin: stranger.name, size: 20, root }))}`),
      )
      if (submission === undefined) throw new Error('not a submission')
      expect(await book.submit(submission)).toMatchObject({ ok: false, status: 404 })
    }
    expect(book.list()).toEqual([])
  })
})
