import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type CapabilityDefinition, ContentAnswer, InputRequired } from '../capability/definition.ts'
import type { CallNote } from '../exchange/call-note.ts'
import type { KernelFixture } from './describe-kernel.ts'

let made = 0
const definition = (): CapabilityDefinition => ({
  id: `local.interacting${++made}`,
  safety: 'READ',
  input: z.object({ ship: z.string() }),
  output: z.object({ berth: z.string() }),
})

const question = { berth: { method: 'elicitation/create', params: { message: 'Which berth?' } } } as const
const accepts = ['elicitation/create'] as const

export function describeInteracting(fixture: () => KernelFixture): void {
  describe('a capability that asks its caller', () => {
    it('gets the answers in another call, with what it kept', async () => {
      const { kernel } = fixture()
      const booking = definition()
      await using _registered = await kernel.register(booking, (args, { continued }) => {
        if (continued === undefined) return new InputRequired(question, args)
        return { berth: `${(continued.state as { ship: string }).ship} at ${continued.responses.berth?.name}` }
      })
      const asked = await kernel.invoke(booking.id, { ship: 'Adler' }, { accepts })
      expect(asked).toMatchObject({ kind: 'input_required', value: question, untrusted: true })
      const continues = { callId: asked.callId, responses: { berth: { name: 'K7' } } }
      const frame = await kernel.invoke(booking.id, { ship: 'Adler' }, { accepts, continues })
      expect(frame).toMatchObject({ kind: 'data', value: { berth: 'Adler at K7' } })
    })

    it('is told what may be asked, and fails when it asks for something else', async () => {
      const { kernel } = fixture()
      const booking = definition()
      const told: unknown[] = []
      await using _registered = await kernel.register(booking, (_args, context) => {
        told.push(context.accepts)
        return new InputRequired(question)
      })
      const call = kernel.invoke(booking.id, { ship: 'Adler' }, { accepts: ['roots/list'] })
      await expect(call).rejects.toMatchObject({ detail: { code: 'unsupported' } })
      expect(told).toEqual([['roots/list']])
    })
  })

  describe('a capability that answers with more than data', () => {
    const { output: _none, ...plain } = definition()

    it('answers with content of several parts', async () => {
      const { kernel } = fixture()
      const content = [
        { type: 'text' as const, text: 'the berth' },
        { type: 'file' as const, mediaType: 'image/png', bytes: 'iVBORw0KGgo=' },
      ]
      await using _registered = await kernel.register(plain, () => new ContentAnswer(content))
      const frame = await kernel.invoke(plain.id, { ship: 'Adler' })
      expect(frame).toMatchObject({ kind: 'content', value: { content }, untrusted: true })
    })

    it('says in words why it failed', async () => {
      const { kernel } = fixture()
      const booking = definition()
      const content = [{ type: 'text' as const, text: 'berth K7 is taken' }]
      await using _registered = await kernel.register(booking, () => new ContentAnswer(content, { isError: true }))
      await expect(kernel.invoke(booking.id, { ship: 'Adler' })).rejects.toMatchObject({
        detail: { code: 'internal', frame: { kind: 'content', value: { content, isError: true } } },
      })
    })
  })

  it('hears a text while it is made, and the frame begins with what was heard', async () => {
    const { kernel } = fixture()
    const { output: _none, ...plain } = definition()
    const pieces = Array.from({ length: 40 }, (_, n) => `line ${n} of a long answer about the berths of the harbour, `)
    await using _registered = await kernel.register(plain, async function* () {
      yield* pieces
    })
    const heard: string[] = []
    const onNote = (note: CallNote) => void (note.type === 'text' && heard.push(note.text))
    const frame = await kernel.invoke(plain.id, { ship: 'Adler' }, { onNote })
    expect(frame).toMatchObject({ kind: 'text', value: pieces.join('') })
    expect(heard.length).toBeGreaterThan(2)
    expect(pieces.join('').startsWith(heard.join(''))).toBe(true)
  })

  it('hears what a call says before it ends, in order', async () => {
    const { kernel } = fixture()
    const booking = definition()
    await using _registered = await kernel.register(booking, (_args, { note }) => {
      for (const progress of [1, 2]) note({ type: 'progress', progress, total: 2, message: `step ${progress}` })
      return { berth: 'K7' }
    })
    const heard: CallNote[] = []
    const frame = await kernel.invoke(booking.id, { ship: 'Adler' }, { onNote: (note) => heard.push(note) })
    expect(frame).toMatchObject({ value: { berth: 'K7' } })
    expect(heard).toEqual([
      { type: 'progress', progress: 1, total: 2, message: 'step 1' },
      { type: 'progress', progress: 2, total: 2, message: 'step 2' },
    ])
  })
}
