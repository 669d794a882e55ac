import { describe, expect, it } from 'vitest'
import { BACKEND_SECRET, type DriverFixture, describeDriver, driverCall } from '../testing/describe-driver.ts'
import { functionDriver } from './function-driver.ts'

describeDriver('functionDriver', async (): Promise<DriverFixture> => {
  const reached = Promise.withResolvers<void>()
  const cancelled = Promise.withResolvers<void>()
  let asked = 0
  const counted = (handler: (args: { text: string }, signal: AbortSignal) => unknown, structured: boolean) =>
    functionDriver({
      structured,
      handler: (args, { signal }) => {
        asked += 1
        return handler(args as { text: string }, signal)
      },
    })
  return {
    data: counted(({ text }) => ({ text }), true),
    text: counted(({ text }) => text, false),
    failing: counted(() => {
      throw new Error(BACKEND_SECRET)
    }, true),
    unusable: counted(() => 1n, true),
    slow: counted((_args, signal) => {
      reached.resolve()
      signal.addEventListener('abort', () => cancelled.resolve(), { once: true })
      return new Promise(() => {})
    }, true),
    slowReached: () => reached.promise,
    slowCancelled: () => cancelled.promise,
    asked: async () => asked,
    async [Symbol.asyncDispose]() {},
  }
})

describe(functionDriver, () => {
  const answerOf = (value: unknown, structured: boolean) =>
    functionDriver({ handler: () => value, structured }).invoke(driverCall({}))

  it.each([
    ['an object', { a: 1 }, { a: 1 }],
    ['text', 'plain', 'plain'],
    ['nothing, as null', undefined, null],
    ['an object without a prototype', Object.assign(Object.create(null), { a: [true] }), { a: [true] }],
    ['optional members that are absent', { a: 1, b: undefined }, { a: 1 }],
  ])('carries %s as data', async (_what, value, expected) => {
    expect(await answerOf(value, true)).toEqual({ kind: 'data', value: expected, isPayload: true })
  })

  it('writes what is not text as JSON where no output is declared', async () => {
    expect(await answerOf({ a: [1, null] }, false)).toEqual({ kind: 'text', text: '{"a":[1,null]}' })
    expect(await answerOf(undefined, false)).toEqual({ kind: 'text', text: 'null' })
  })

  it('hands out a copy, so that nothing changes between screening and sending', async () => {
    const rows = [{ name: 'alice' }]
    const answer = await answerOf({ rows }, true)
    rows[0] = { name: 'mallory' }
    expect(answer).toEqual({ kind: 'data', value: { rows: [{ name: 'alice' }] }, isPayload: true })
  })

  it('tells the handler who asks, and shows it no credential', async () => {
    const seen: unknown[] = []
    const handler = (_args: unknown, context: object) => void seen.push(Object.keys(context).sort())
    await functionDriver({ handler, structured: true }).invoke(driverCall({}))
    expect(seen).toEqual([['accepts', 'callId', 'note', 'principal', 'signal']])
  })

  describe('with a handler that yields', () => {
    async function* pieces(...all: unknown[]) {
      yield* all
    }

    it('gathers text into one text and data into one array', async () => {
      expect(await answerOf(pieces('one ', 'two'), false)).toEqual({ kind: 'text', text: 'one two' })
      expect(await answerOf(pieces({ n: 1 }, { n: 2 }), true)).toEqual({
        kind: 'data',
        value: [{ n: 1 }, { n: 2 }],
        isPayload: true,
      })
      expect(await answerOf(pieces('a', { n: 2 }), false)).toEqual({ kind: 'text', text: '["a",{"n":2}]' })
    })

    it('ends a stream that never ends, at the size of a result', async () => {
      let yielded = 0
      async function* endless() {
        for (;;) {
          yielded += 1
          yield 'x'.repeat(1_048_576)
        }
      }
      await expect(answerOf(endless(), false)).rejects.toMatchObject({
        detail: { code: 'answer_too_large', began: true },
      })
      expect(yielded).toBeLessThan(12)
    })
  })
})
