/**
 * What a call says before it ends, on its way to whoever waits. Each note is screened like a result. Numbers alone are
 * said where the data is labelled, shaped by obligations, or the call changes something: text that is out cannot be taken
 * back when its result is withheld (wire.md, Streaming).
 */
import { type CallNote, callNoteSchema, type FirewallPass, MAX_CALL_NOTES, MAX_PROGRESS_BYTES } from '@hansa/protocols'
import { parseObligations } from '@hansa/trust'
import { z } from 'zod'
import { checkOnDemand, type Detectors, screen } from '../firewall/index.ts'
import type { Begun } from './stages.ts'
import { MAX_STREAMED, TextStream } from './text-stream.ts'

const noteCheck = checkOnDemand(() => JSON.stringify(z.toJSONSchema(callNoteSchema)))

export type NoteSink = {
  say(note: unknown): void
  /** The text that was said early. */
  said(): string
}

/** @returns undefined when nobody waits for notes of this call. */
export function noteSink(call: Begun, detectors: Detectors): NoteSink | undefined {
  const { note } = call
  if (note === undefined) return undefined
  const pass: FirewallPass = call.target.kind === 'imported' ? 'ingress_result' : 'egress_result'
  const open = isOpen(call)
  const text = new TextStream({
    screened: (all) => screenedText(all, call, pass, detectors),
    say(piece, from) {
      let at = from
      for (const one of piecesOf(piece)) {
        note({ type: 'text', text: one, at })
        at += one.length
      }
    },
  })
  let left = MAX_CALL_NOTES
  const say = (said: unknown) => {
    if (left === 0) return
    left -= 1
    const read = callNoteSchema.safeParse(said)
    if (!read.success) return
    if (read.data.type === 'text') {
      if (open && call.target.output === undefined) text.add(read.data.text, read.data.at)
      return
    }
    const allowed = (open ? screened(read.data, call, pass, detectors) : undefined) ?? numbersOf(read.data)
    if (allowed !== undefined) note(allowed)
  }
  return { say, said: () => text.said }
}

function isOpen({ target, input, obligations, grant, remoteDecision }: Begun): boolean {
  if (target.safety !== 'READ' || target.labels.length + input.labels.length > 0) return false
  const remote = parseObligations(remoteDecision?.obligations ?? [])
  if (!remote.ok || shapes(remote.obligations)) return false
  const granted = grant.fields ?? grant.maxRows ?? grant.maxBytes
  return granted === undefined && !shapes(obligations)
}

/** Whether a result may be cut, altered or withheld for how much it is. */
function shapes({ allowedFields, redactFields, redactLabels, maxRows, maxBytes }: Begun['obligations']): boolean {
  const bounded = allowedFields ?? maxRows ?? maxBytes
  return bounded !== undefined || redactFields.length + redactLabels.length > 0
}

function screened(note: CallNote, call: Begun, pass: FirewallPass, detectors: Detectors): CallNote | undefined {
  const bytes = Buffer.from(JSON.stringify(note))
  if (bytes.length > MAX_PROGRESS_BYTES) return undefined
  const outcome = screen({ pass, bytes, schema: noteCheck, obligations: call.obligations, labels: [], detectors })
  if (!outcome.ok || outcome.labels.length + outcome.redactions.length > 0) return undefined
  return outcome.value as CallNote
}

/** @returns undefined when all of it has to wait for its labels, its duties or a block. */
function screenedText(text: string, call: Begun, pass: FirewallPass, detectors: Detectors): string | undefined {
  const bytes = Buffer.from(JSON.stringify(text))
  const outcome = screen({ pass, bytes, obligations: call.obligations, labels: [], detectors })
  if (!outcome.ok || outcome.labels.length + outcome.redactions.length > 0) return undefined
  return typeof outcome.value === 'string' ? outcome.value : undefined
}

/** Each fits a frame of a session. */
function piecesOf(text: string): string[] {
  if (Buffer.byteLength(JSON.stringify({ type: 'text', text, at: MAX_STREAMED })) <= MAX_PROGRESS_BYTES) return [text]
  const middle = text.length >> 1
  const pair = /[\ud800-\udbff]/.test(text[middle - 1] ?? '') ? 1 : 0
  return [...piecesOf(text.slice(0, middle + pair)), ...piecesOf(text.slice(middle + pair))]
}

function numbersOf(note: CallNote): CallNote | undefined {
  if (note.type !== 'progress') return undefined
  const { message: _withheld, ...numbers } = note
  return numbers
}
