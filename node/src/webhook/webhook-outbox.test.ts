import { silentLogger } from '@hansa/protocols'
import { type ManualClock, manualClock } from '@hansa/protocols/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import type { WebhookMessage } from './approval-message.ts'
import { MAX_HELD, RETRY_SECONDS, WebhookOutbox } from './webhook-outbox.ts'
import type { WebhookAnswer } from './webhook-post.ts'

let clock: ManualClock
let attempts: { id: string; answer(answer: WebhookAnswer): void; signal: AbortSignal }[]
let outcomes: string[]
let lines: [event: string, fields: object | undefined][]
let outbox: WebhookOutbox

const refused: WebhookAnswer = { ok: false, reason: 'the receiver answered 500', gone: false }

beforeEach(() => {
  clock = manualClock()
  attempts = []
  outcomes = []
  lines = []
  const note = (event: string, fields?: object) => void lines.push([event, fields])
  outbox = new WebhookOutbox({
    clock,
    logger: { debug: note, info: note, warn: note, error: note },
    observe: (_type, outcome) => void outcomes.push(outcome),
    post: ({ id }, signal) => new Promise((answer) => void attempts.push({ id, answer, signal })),
  })
})

const message = (id: string, until = Math.floor(clock.now() / 1000) + 3600): WebhookMessage => ({
  id,
  type: 'approval.requested',
  approval: `of ${id}`,
  body: '{"secret":4711}',
  until,
})

/** Answers the attempts that run. @returns their ids, when what follows from it has happened. */
async function answered(answer: WebhookAnswer): Promise<string[]> {
  const now = attempts.splice(0)
  for (const attempt of now) attempt.answer(answer)
  await new Promise(setImmediate)
  return now.map(({ id }) => id)
}

describe(WebhookOutbox, () => {
  it('sends at once, and nothing more when it was taken', async () => {
    outbox.send(message('one'))
    expect(await answered({ ok: true })).toEqual(['one'])
    clock.advance(86_400_000)
    expect([attempts, outcomes, lines, clock.waiting]).toEqual([[], ['delivered'], [], 0])
  })

  it('tries again later and later with the same id, and says so without the body', async () => {
    outbox.send(message('one'))
    for (const seconds of RETRY_SECONDS.slice(0, 3)) {
      expect(await answered(refused)).toEqual(['one'])
      expect(lines.at(-1)).toEqual([
        'webhook.failed',
        expect.objectContaining({ id: 'of one', reason: 'the receiver answered 500', retry_seconds: seconds }),
      ])
      clock.advance(seconds * 1000 - 1)
      expect(attempts).toEqual([])
      clock.advance(1)
    }
    expect(await answered({ ok: true })).toEqual(['one'])
    expect(outcomes).toEqual(['retried', 'retried', 'retried', 'delivered'])
    expect(JSON.stringify(lines)).not.toContain('4711')
  })

  it('gives up when nobody needs to know any more', async () => {
    outbox.send(message('one', Math.floor(clock.now() / 1000) + 20))
    await answered(refused)
    clock.advance(5_000)
    await answered(refused)
    expect([outcomes, clock.waiting]).toEqual([['retried', 'given_up'], 0])
    expect(lines.at(-1)).toMatchObject(['webhook.given_up', { attempt: 2 }])
  })

  it('gives up after the last attempt of its plan', async () => {
    outbox.send(message('one', Number.MAX_SAFE_INTEGER))
    for (const seconds of RETRY_SECONDS) {
      await answered(refused)
      clock.advance(seconds * 1000)
    }
    await answered(refused)
    expect(outcomes).toEqual([...RETRY_SECONDS.map(() => 'retried'), 'given_up'])
  })

  it('gives up at once when the receiver says that it is gone', async () => {
    outbox.send(message('one'))
    await answered({ ok: false, reason: 'the receiver answered 410', gone: true })
    expect([outcomes, clock.waiting]).toEqual([['given_up'], 0])
  })

  it('has four attempts at once, and the next when one of them has ended', async () => {
    for (let at = 0; at < 6; at++) outbox.send(message(String(at)))
    expect(attempts.map(({ id }) => id)).toEqual(['0', '1', '2', '3'])
    expect(await answered({ ok: true })).toHaveLength(4)
    expect(attempts.map(({ id }) => id)).toEqual(['4', '5'])
  })

  it('holds no more than its bound, says once that it is full, and takes messages again when it is not', async () => {
    for (let at = 0; at < MAX_HELD + 3; at++) outbox.send(message(String(at)))
    expect(outcomes).toEqual(['dropped', 'dropped', 'dropped'])
    expect(lines.map(([event]) => event)).toEqual(['webhook.full'])
    await answered({ ok: true })
    outbox.send(message('new'))
    expect(outcomes.filter((outcome) => outcome === 'dropped')).toHaveLength(3)
  })

  it('survives a way to the receiver that throws', async () => {
    const thrown = new WebhookOutbox({
      clock,
      logger: { ...silentLogger, warn: (event, fields) => void lines.push([event, fields]) },
      post: async () => Promise.reject(new Error('a bug')),
    })
    thrown.send(message('one'))
    await new Promise(setImmediate)
    expect(lines).toEqual([['webhook.failed', expect.objectContaining({ reason: 'the attempt failed (Error)' })]])
    expect(clock.waiting).toBe(1)
  })

  it('ends what runs and forgets what waits when it is disposed of', async () => {
    outbox.send(message('one'))
    await answered(refused)
    outbox.send(message('two'))
    const [running] = attempts
    outbox[Symbol.dispose]()
    expect([running?.signal.aborted, clock.waiting]).toEqual([true, 0])
    await answered(refused)
    outbox.send(message('three'))
    expect([attempts, outcomes]).toEqual([[], ['retried']])
  })
})
